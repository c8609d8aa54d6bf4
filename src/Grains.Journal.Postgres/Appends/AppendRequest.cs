using Grains.StateMachines.Ids;

namespace Grains.Journal.Postgres.Appends;

/// <summary>An append on its way, and whoever waits for it.</summary>
internal sealed class AppendRequest(JournalAppend append, long enqueuedAt)
{
    // Not inline: the lane that ends it has others to serve.
    private readonly TaskCompletionSource<AppendOutcome> _done =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    public JournalAppend Append => append;

    public PartitionId Partition => append.Partition;

    /// <summary>By the clock of the queue.</summary>
    public long EnqueuedAt => enqueuedAt;

    public Task<AppendOutcome> Task => _done.Task;

    public void End(AppendOutcome outcome) => _done.TrySetResult(outcome);

    public void End(AppendStatus status, string reason) => End(new AppendOutcome(status, reason));
}
