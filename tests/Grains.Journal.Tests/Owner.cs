using System.Text;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Tests;

/// <summary>One ownership of a partition, with the tail as the owner knows it.</summary>
public sealed class Owner(IJournal journal, PartitionId partition, Epoch epoch, JournalTail tail)
{
    public IJournal Journal => journal;

    public PartitionId Partition => partition;

    public Epoch Epoch => epoch;

    public JournalTail Tail { get; private set; } = tail;

    public static async Task<Owner> AcquireAsync(
        IJournal journal, PartitionId partition, string name = "a", long membershipVersion = 1)
    {
        AcquireOutcome.Acquired got = Assert.IsType<AcquireOutcome.Acquired>(
            await journal.AcquireAsync(partition, name, membershipVersion, 1_000, CancellationToken.None));
        return new Owner(journal, partition, got.Epoch, got.Tail);
    }

    /// <summary>The same owner after its server opened the journal again.</summary>
    public Owner On(IJournal other) => new(other, partition, epoch, Tail);

    public JournalAppend Next(string payload, int count = 1) => Next(Encoding.UTF8.GetBytes(payload), count);

    public JournalAppend Next(byte[] payload, int count = 1) => new(partition, epoch, Tail, count, payload);

    /// <summary>Appends what must become durable.</summary>
    public async Task<JournalAppend> AppendAsync(string payload, int count = 1)
    {
        JournalAppend append = Next(payload, count);
        AppendOutcome outcome = await journal.AppendAsync(append, CancellationToken.None);
        Assert.Equal(AppendStatus.Durable, outcome.Status);
        Tail = append.Next;
        return append;
    }

    public async Task<AppendStatus> TryAsync(JournalAppend append)
    {
        AppendOutcome outcome = await journal.AppendAsync(append, CancellationToken.None);
        Assert.Equal(outcome.Status == AppendStatus.Durable, outcome.Reason is null);
        return outcome.Status;
    }

    public async Task<bool> CheckpointAsync(JournalTail? at = null, params string[] chunks) =>
        await journal.WriteCheckpointAsync(
            partition, epoch, at ?? Tail, chunks.Select(c => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(c)),
            CancellationToken.None);

    public async Task<bool> TruncateAsync(Revision upTo) =>
        await journal.TruncateAsync(partition, epoch, upTo, CancellationToken.None);

    public async Task<bool> ConfirmAsync() => await journal.ConfirmAsync(partition, epoch, CancellationToken.None);
}
