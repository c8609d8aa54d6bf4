namespace Grains.Handlers.Push;

/// <summary>
/// A connection that push requests take one after another. It knows what the client above does not tell: which request
/// is on it, whether another was before, and whether a byte of an answer has come since.
/// </summary>
internal sealed class PushConnection(Stream inner) : Stream
{
    private PushExchange? _exchange;
    private int _matched;
    private volatile bool _isOver;

    public override bool CanRead => inner.CanRead;

    public override bool CanSeek => false;

    public override bool CanWrite => inner.CanWrite;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>HTTP/1.0: who speaks it closes after its answer, unless it says that it does not.</summary>
    private static ReadOnlySpan<byte> OldVersion => "HTTP/1.0"u8;

    /// <summary>
    /// No further request goes out on it: its peer closes it, or has left bytes on it that answer nothing.
    /// </summary>
    public void End() => _isOver = true;

    /// <summary>Its peer said that it stays open.</summary>
    public void Keep() => Volatile.Write(ref _matched, -1);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_isOver)
        {
            return 0;
        }

        int count = await inner.ReadAsync(buffer, cancellationToken);
        Received(buffer.Span[..count]);
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count)
    {
        int read = _isOver ? 0 : inner.Read(buffer, offset, count);
        Received(buffer.AsSpan(offset, read));
        return read;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Sending();
        return inner.WriteAsync(buffer, cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count)
    {
        Sending();
        inner.Write(buffer, offset, count);
    }

    public override void Flush() => inner.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override ValueTask DisposeAsync() => inner.DisposeAsync();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Sending()
    {
        if (PushExchange.Current is not { } exchange || exchange.Connection == this)
        {
            return;
        }

        exchange.Connection = this;
        exchange.IsOnUsed = _exchange is not null;
        if (_isOver || Volatile.Read(ref _matched) == OldVersion.Length)
        {
            throw new IOException("the peer closes this connection after its answer");
        }

        _exchange = exchange;
        Volatile.Write(ref _matched, 0);
    }

    /// <summary>
    /// The version is looked at here: the client gives the connection to the next request before it tells it.
    /// </summary>
    private void Received(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 0 || _exchange is not { } exchange)
        {
            return;
        }

        exchange.HasAnswer = true;
        foreach (byte next in bytes)
        {
            int matched = Volatile.Read(ref _matched);
            if ((uint)matched >= OldVersion.Length)
            {
                return;
            }

            Volatile.Write(ref _matched, next == OldVersion[matched] ? matched + 1 : -1);
        }
    }
}

/// <summary>One request on its way, as the connection sees it that it takes.</summary>
internal sealed class PushExchange
{
    private static readonly AsyncLocal<PushExchange?> _current = new();

    /// <summary>That of the request that is being sent; null = none is.</summary>
    public static PushExchange? Current => _current.Value;

    /// <summary>Null: the request has no connection yet.</summary>
    public PushConnection? Connection { get; set; }

    /// <summary>Another request was on the connection before.</summary>
    public bool IsOnUsed { get; set; }

    /// <summary>A byte of the answer has come.</summary>
    public bool HasAnswer { get; set; }

    /// <summary>
    /// Its peer had closed the connection when the request came, as far as can be told: nothing says that it was read.
    /// </summary>
    public bool WasStale => IsOnUsed && !HasAnswer;

    /// <summary>Of what the caller sends from now on, in its own method.</summary>
    public static PushExchange Begin() => _current.Value = new PushExchange();
}
