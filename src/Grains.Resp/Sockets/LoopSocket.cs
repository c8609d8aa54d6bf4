using System.Net.Sockets;

namespace Grains.Resp.Sockets;

/// <summary>A socket of an <see cref="EventLoop"/>, whose thread alone touches it.</summary>
internal sealed class LoopSocket : ClientSocket
{
    private readonly EventLoop _loop;
    private readonly WorkSignal _read = new();
    private readonly WorkSignal _write = new();
    private bool _canRead;
    private bool _canWrite;
    private bool _isEnding;
    private bool _isClosed;

    public LoopSocket(EventLoop loop, Socket socket)
        : base(socket) => _loop = loop;

    /// <summary>By which the loop knows it.</summary>
    public long Id { get; private set; }

    public override void Begin()
    {
        base.Begin();
        Socket.Blocking = false;
        Id = _loop.Watch(this, Socket);
    }

    public override bool MayHaveMore => _canRead;

    /// <summary>After what has come was taken, others get their turn, even where more is there.</summary>
    public override ValueTask WaitToReadAsync()
    {
        if (_canRead)
        {
            _loop.Later(_read);
            return _read.WaitAsync(static () => false);
        }

        return _isClosed ? default : _read.WaitAsync(static () => false);
    }

    public override async ValueTask<int> ReceiveAsync(Memory<byte> to)
    {
        while (true)
        {
            int count = Socket.Receive(to.Span, SocketFlags.None, out SocketError error);
            if (error == SocketError.Success)
            {
                // Less than there was room for is all there was; only an end is not told of twice.
                _canRead = count == to.Length || _isEnding;
                return count;
            }

            if (error != SocketError.WouldBlock)
            {
                throw new SocketException((int)error);
            }

            _canRead = false;
            await WaitToReadAsync().ConfigureAwait(false);
        }
    }

    public override async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            int count = Socket.Send(bytes.Span, SocketFlags.None, out SocketError error);
            if (error == SocketError.Success)
            {
                bytes = bytes[count..];
            }
            else if (error != SocketError.WouldBlock)
            {
                throw new SocketException((int)error);
            }
            else
            {
                _canWrite = false;
                await _write.WaitAsync(() => _canWrite || _isClosed).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The kernel has something to tell.</summary>
    public void Told(uint what)
    {
        _isEnding |= (what & SocketPoll.IsEnding) != 0;
        if ((what & SocketPoll.CanRead) != 0 || _isEnding)
        {
            _canRead = true;
            _read.Set();
        }

        if ((what & SocketPoll.CanWrite) != 0 || _isEnding)
        {
            _canWrite = true;
            _write.Set();
        }
    }

    public override void End() => Dispose();

    public override void Dispose()
    {
        if (!_loop.IsHere && !_loop.IsOver)
        {
            _loop.Post(static socket => ((LoopSocket)socket!).Dispose(), this);
            return;
        }

        if (!_isClosed)
        {
            _isClosed = true;
            _loop.Forget(this);
            base.Dispose();
            _read.Set();
            _write.Set();
        }
    }
}
