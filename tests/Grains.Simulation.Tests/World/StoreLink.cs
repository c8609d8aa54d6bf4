using System.Runtime.CompilerServices;
using Grains.Journal;
using Grains.Journal.Memory;
using Grains.StateMachines.Ids;

namespace Grains.Simulation.Tests.World;

/// <summary>
/// The way from one server to the shared store. A call goes on over there while the server is paused, or stops with
/// it, as the seed has it; if the journal says that the process ended, the server ends, and the call never returns.
/// </summary>
internal sealed class StoreLink(MemoryJournal journal, SimServer server, SimWorld world) : IJournal
{
    public string Durability => journal.Durability;

    public async ValueTask<AcquireOutcome> AcquireAsync(
        PartitionId partition, string owner, long membershipVersion, long nowMs, CancellationToken cancel) =>
        await CallAsync(() => journal.AcquireAsync(partition, owner, membershipVersion, nowMs, CancellationToken.None));

    public async ValueTask<AppendOutcome> AppendAsync(JournalAppend append, CancellationToken cancel)
    {
        AppendOutcome outcome = await CallAsync(() => journal.AppendAsync(append, CancellationToken.None));
        world.Count($"appends {outcome.Status}");
        return outcome;
    }

    public async ValueTask<bool> ConfirmAsync(PartitionId partition, Epoch epoch, CancellationToken cancel) =>
        await CallAsync(() => journal.ConfirmAsync(partition, epoch, CancellationToken.None));

    public async IAsyncEnumerable<JournalRecord> ReadAsync(
        PartitionId partition, Revision from, [EnumeratorCancellation] CancellationToken cancel)
    {
        IAsyncEnumerator<JournalRecord> records = journal.ReadAsync(partition, from, CancellationToken.None)
            .GetAsyncEnumerator(CancellationToken.None);
        while (await CallAsync(records.MoveNextAsync))
        {
            yield return records.Current;
        }
    }

    public async ValueTask<StoredCheckpoint?> ReadCheckpointAsync(PartitionId partition, CancellationToken cancel) =>
        await CallAsync(() => journal.ReadCheckpointAsync(partition, CancellationToken.None)) is { } stored
            ? stored with { Chunks = ReadChunksAsync(stored) }
            : null;

    public async ValueTask<bool> WriteCheckpointAsync(
        PartitionId partition, Epoch epoch, JournalTail at, IEnumerable<ReadOnlyMemory<byte>> chunks,
        CancellationToken cancel)
    {
        world.Count("checkpoints begun");
        if (FailsCheckpoint(partition, epoch))
        {
            world.Count("checkpoints failed");
            throw new JournalUnavailableException("The checkpoint fails, as the plan has it.");
        }

        bool isOwner = await CallAsync(() => journal.WriteCheckpointAsync(partition, epoch, at, chunks, cancel));
        world.CheckpointsOwed.Remove((partition, epoch));
        return isOwner;
    }

    public async ValueTask<bool> TruncateAsync(
        PartitionId partition, Epoch epoch, Revision upTo, CancellationToken cancel)
    {
        bool isOwner = await CallAsync(() => journal.TruncateAsync(partition, epoch, upTo, cancel));
        world.Count(isOwner ? "truncations" : "truncations refused");
        return isOwner;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private bool FailsCheckpoint(PartitionId partition, Epoch epoch)
    {
        if (!server.IsSound)
        {
            return world.Kernel.Random.NextDouble() < world.Plan.FailedCheckpoint;
        }

        int failed = world.CheckpointsFailed.GetValueOrDefault(partition);
        if (failed >= world.Plan.FailedCheckpoints)
        {
            return false;
        }

        world.CheckpointsFailed[partition] = failed + 1;
        if (server.Loops.GetValueOrDefault(partition)?.Epoch == epoch)
        {
            // A next owner has read the records anew, and owes what it read only.
            world.CheckpointsOwed.Add((partition, epoch));
        }

        return true;
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadChunksAsync(StoredCheckpoint stored)
    {
        IAsyncEnumerator<ReadOnlyMemory<byte>> chunks = stored.Chunks.GetAsyncEnumerator(CancellationToken.None);
        while (await CallAsync(chunks.MoveNextAsync))
        {
            yield return chunks.Current;
        }
    }

    private async Task<T> CallAsync<T>(Func<ValueTask<T>> call)
    {
        try
        {
            return world.Kernel.Random.Next(2) == 0 ? await call() : await ElsewhereAsync(call);
        }
        catch (MemoryCrashException)
        {
            server.Crash();
            return await new TaskCompletionSource<T>().Task;
        }
    }

    private Task<T> ElsewhereAsync<T>(Func<ValueTask<T>> call)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Kernel.Ready(world.Lane, () => _ = RunAsync());
        return answer.Task;

        async Task RunAsync()
        {
            try
            {
                answer.SetResult(await call());
            }
            catch (Exception e)
            {
                answer.SetException(e);
            }
        }
    }
}
