using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Grains.FrontEnd.Framing;

/// <summary>
/// Gives the web server what comes in as it is, up to where <see cref="RequestFraming"/> finds it broken. From there on
/// it reads something that it refuses with 400, and then the end: the connection closes.
/// </summary>
internal sealed class FramedReader(PipeReader inner, Action broken) : PipeReader
{
    private static readonly byte[] _noLine = "\0\0\0\r\n\r\n"u8.ToArray();
    private static readonly byte[] _noChunk = "\n\n\n"u8.ToArray();

    private readonly RequestFraming _framing = new();
    private ReadOnlySequence<byte> _given;
    private long _consumed;
    private bool _isBroken;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (_isBroken)
        {
            return new ValueTask<ReadResult>(new ReadResult(_given, isCanceled: false, isCompleted: true));
        }

        ValueTask<ReadResult> read = inner.ReadAsync(cancellationToken);
        return read.IsCompletedSuccessfully ? new ValueTask<ReadResult>(Check(read.Result)) : CheckAsync(read);
    }

    public override bool TryRead(out ReadResult result)
    {
        if (_isBroken)
        {
            result = new ReadResult(_given, isCanceled: false, isCompleted: true);
            return true;
        }

        if (!inner.TryRead(out result))
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
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> CheckAsync(ValueTask<ReadResult> read) =>
        Check(await read.ConfigureAwait(false));

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
        inner.AdvanceTo(_given.End);
        _given = new ReadOnlySequence<byte>(rest);
        broken();
        return new ReadResult(_given, isCanceled: false, isCompleted: true);
    }
}
