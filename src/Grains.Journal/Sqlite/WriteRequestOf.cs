using Grains.Journal.Log;

namespace Grains.Journal.Sqlite;

/// <summary>A request with an outcome that somebody waits for.</summary>
/// <param name="log">The partition that it is about.</param>
/// <param name="options">None: whoever ends it does so where the waiter's continuation may run.</param>
internal abstract class WriteRequest<T>(
    PartitionLog log,
    TaskCreationOptions options = TaskCreationOptions.RunContinuationsAsynchronously) : WriteRequest(log)
{
    private readonly TaskCompletionSource<T> _done = new(options);

    /// <summary>Set by Stage.</summary>
    protected T? Outcome { get; set; }

    /// <summary>Cancelling ends the waiting, not the request.</summary>
    public ValueTask<T> WaitAsync(CancellationToken cancel) =>
        new(cancel.CanBeCanceled ? _done.Task.WaitAsync(cancel) : _done.Task);

    public override void Committed(Housekeeping housekeeping) => _done.TrySetResult(Outcome!);

    public override void Failed(WriteFailure failure) => _done.TrySetException(failure.Exception());

    protected void End(T outcome) => _done.TrySetResult(outcome);

    protected void End(Exception trouble) => _done.TrySetException(trouble);
}
