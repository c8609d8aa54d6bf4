using Grains.Journal.Log;

namespace Grains.Journal.Segments;

/// <summary>A request with an outcome that somebody waits for.</summary>
/// <param name="log">The partition that it is about; null = it is about all of them.</param>
/// <param name="options">None: whoever ends it does so where the waiter's continuation may run.</param>
internal abstract class WriteRequest<T>(
    PartitionLog? log, TaskCreationOptions options = TaskCreationOptions.RunContinuationsAsynchronously) : WriteRequest
{
    private readonly TaskCompletionSource<T> _done = new(options);

    /// <summary>Set by Stage.</summary>
    protected T? Outcome { get; set; }

    protected PartitionLog Log => log!;

    public override int Bytes => 0;

    /// <summary>Cancelling ends the waiting, not the request.</summary>
    public ValueTask<T> WaitAsync(CancellationToken cancel) =>
        new(cancel.CanBeCanceled ? _done.Task.WaitAsync(cancel) : _done.Task);

    public override void Committed(SegmentUpkeep upkeep) => _done.TrySetResult(Outcome!);

    public override void Failed(WriteFailure failure) => _done.TrySetException(failure.Exception());

    public override void DropStaged() => log?.DropStaged();

    protected void End(T outcome) => _done.TrySetResult(outcome);
}
