using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace Grains.FrontEnd.Framing;

/// <summary>
/// Gives the web server what comes in as it is, up to where <see cref="RequestFraming"/> finds it broken. From there on
/// it reads something that it refuses with 400, and then the end: the connection closes.
/// </summary>
/// <remarks>A connection has one reader and one read at a time, so what a read awaits is this object itself.</remarks>
internal sealed class FramedReader : PipeReader, IValueTaskSource<ReadResult>
{
    private static readonly byte[] _noLine = "\0\0\0\r\n\r\n"u8.ToArray();
    private static readonly byte[] _noChunk = "\n\n\n"u8.ToArray();

    private readonly PipeReader _inner;
    private readonly Action _broken;
    private readonly Action _continue;
    private readonly RequestFraming _framing = new();
    private ReadOnlySequence<byte> _given;
    private long _consumed;
    private bool _isBroken;
    private ValueTask<ReadResult> _waiting;
    private short _reads;
    private Action<object?>? _continuation;
    private object? _state;

    public FramedReader(PipeReader inner, Action broken)
    {
        (_inner, _broken) = (inner, broken);
        _continue = () => _continuation!(_state);
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (_isBroken)
        {
            return new ValueTask<ReadResult>(new ReadResult(_given, isCanceled: false, isCompleted: true));
        }

        ValueTask<ReadResult> read = _inner.ReadAsync(cancellationToken);
        if (read.IsCompletedSuccessfully)
        {
            return new ValueTask<ReadResult>(Check(read.Result));
        }

        _waiting = read;
        return new ValueTask<ReadResult>(this, ++_reads);
    }

    public override bool TryRead(out ReadResult result)
    {
        if (_isBroken)
        {
            result = new ReadResult(_given, isCanceled: false, isCompleted: true);
            return true;
        }

        if (!_inner.TryRead(out result))
        {
            return false;
        }

        result = Check(result);
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (_isBroken)
        {
            _given = _given.Slice(consumed);
            return;
        }

        _consumed += _given.Slice(0, consumed).Length;
        _inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => _inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => _inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => _inner.CompleteAsync(exception);

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token) => Check(_waiting.GetAwaiter().GetResult());

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) =>
        !_waiting.IsCompleted ? ValueTaskSourceStatus.Pending
        : _waiting.IsCompletedSuccessfully ? ValueTaskSourceStatus.Succeeded
        : _waiting.IsCanceled ? ValueTaskSourceStatus.Canceled
        : ValueTaskSourceStatus.Faulted;

    void IValueTaskSource<ReadResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        (_continuation, _state) = (continuation, state);
        ConfiguredValueTaskAwaitable<ReadResult>.ConfiguredValueTaskAwaiter awaiter =
            _waiting.ConfigureAwait((flags & ValueTaskSourceOnCompletedFlags.UseSchedulingContext) != 0).GetAwaiter();
        if ((flags & ValueTaskSourceOnCompletedFlags.FlowExecutionContext) != 0)
        {
            awaiter.OnCompleted(_continue);
        }
        else
        {
            awaiter.UnsafeOnCompleted(_continue);
        }
    }

    private ReadResult Check(ReadResult result)
    {
        _given = result.Buffer;
        long followed = _framing.Position - _consumed;
        if (followed >= 0 && _framing.TryFollow(_given.Slice(followed)))
        {
            return result;
        }

        _isBroken = true;
        long good = Math.Clamp(_framing.UnitStart - _consumed, 0, _given.Length);
        byte[] end = _framing.IsInBody ? _noChunk : _noLine;
        var rest = new byte[good + end.Length];
        _given.Slice(0, good).CopyTo(rest);
        end.CopyTo(rest, good);
        _inner.AdvanceTo(_given.End);
        _given = new ReadOnlySequence<byte>(rest);
        _broken();
        return new ReadResult(_given, isCanceled: false, isCompleted: true);
    }
}
