using Grains.Journal;
using Grains.Simulation.Tests.World;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.Simulation.Tests.Planted;

/// <summary>B7: the ownership is never asked for, so that a former owner answers from old memory.</summary>
internal sealed class ConfirmsAlways(IJournal inner) : WrappedJournal(inner)
{
    public override ValueTask<bool> ConfirmAsync(PartitionId partition, Epoch epoch, CancellationToken cancel) =>
        new(true);
}

/// <summary>
/// The ownership is not asked for once more after the journal refused a record: refusals leave from old memory.
/// </summary>
internal sealed class TrustsItselfAfterRefusals(IJournal inner) : WrappedJournal(inner)
{
    private readonly HashSet<PartitionId> _refused = [];

    public override async ValueTask<AppendOutcome> AppendAsync(JournalAppend append, CancellationToken cancel)
    {
        AppendOutcome outcome = await Inner.AppendAsync(append, cancel);
        if (outcome.Status == AppendStatus.Refused)
        {
            _refused.Add(append.Partition);
        }

        return outcome;
    }

    public override ValueTask<bool> ConfirmAsync(PartitionId partition, Epoch epoch, CancellationToken cancel) =>
        _refused.Remove(partition) ? new(true) : Inner.ConfirmAsync(partition, epoch, cancel);
}

/// <summary>A confirmation takes much longer than an append: everything is right, and late.</summary>
internal sealed class SlowToConfirm(IJournal inner, SimWorld world) : WrappedJournal(inner)
{
    private const int _lateMs = 900;

    public override async ValueTask<bool> ConfirmAsync(PartitionId partition, Epoch epoch, CancellationToken cancel)
    {
        bool isOwner = await Inner.ConfirmAsync(partition, epoch, cancel);
        await world.DelayAsync(_lateMs);
        return isOwner;
    }
}

/// <summary>B3: says durable first and writes afterwards, in order.</summary>
internal sealed class AnswersBeforeDurable(IJournal inner) : WrappedJournal(inner)
{
    private readonly Dictionary<PartitionId, Task> _writing = [];

    public override ValueTask<AppendOutcome> AppendAsync(JournalAppend append, CancellationToken cancel)
    {
        JournalAppend kept = append with { Payload = append.Payload.ToArray() };
        _writing[append.Partition] = WriteAsync(_writing.GetValueOrDefault(append.Partition, Task.CompletedTask), kept);
        return new(AppendOutcome.Durable);
    }

    private async Task WriteAsync(Task before, JournalAppend append)
    {
        await before;
        for (int repeats = 0; repeats < 100; repeats++)
        {
            if ((await Inner.AppendAsync(append, CancellationToken.None)).Status is AppendStatus.Durable
                or AppendStatus.Fenced)
            {
                return;
            }
        }
    }
}

/// <summary>
/// The last record of an owner that gives its partition up in good order is said to be stored, and is not.
/// </summary>
internal sealed class LosesHandOvers(IJournal inner) : WrappedJournal(inner)
{
    /// <summary>What such a record begins with, as <c>golden/records.txt</c> has it: a lease, or a hold.</summary>
    private static readonly byte[] _handOvers = [51, 52];

    public override ValueTask<AppendOutcome> AppendAsync(JournalAppend append, CancellationToken cancel) =>
        IsHandOver(append.Payload.Span) ? new(AppendOutcome.Durable) : Inner.AppendAsync(append, cancel);

    private static bool IsHandOver(ReadOnlySpan<byte> record)
    {
        RecordReader from = RecordReader.Open(record, "record");
        from.Byte();
        for (int i = 0; i < 4; i++)
        {
            from.Varint();
        }

        return _handOvers.Contains(from.Byte());
    }
}

/// <summary>An unknown verdict is taken for one of the others.</summary>
internal sealed class KnowsTheUnknown(IJournal inner, AppendStatus verdict) : WrappedJournal(inner)
{
    public override async ValueTask<AppendOutcome> AppendAsync(JournalAppend append, CancellationToken cancel)
    {
        AppendOutcome outcome = await Inner.AppendAsync(append, cancel);
        return outcome.Status == AppendStatus.Unknown ? outcome with { Status = verdict } : outcome;
    }
}

/// <summary>What a store without fences knows: the newest record, whoever wrote it.</summary>
internal sealed class NewestRecords
{
    public Dictionary<PartitionId, (Epoch Epoch, JournalTail Tail)> ByPartition { get; } = [];
}

/// <summary>
/// B1: the epoch is ignored, records go to the end of the log. B2 (<paramref name="asksFirst"/>): the epoch is asked
/// for, and written under afterwards, in two steps.
/// </summary>
internal sealed class AppendsToTheEnd(IJournal inner, NewestRecords newest, bool asksFirst) : WrappedJournal(inner)
{
    public override async ValueTask<AcquireOutcome> AcquireAsync(
        PartitionId partition, string owner, long membershipVersion, long nowMs, CancellationToken cancel)
    {
        AcquireOutcome outcome = await Inner.AcquireAsync(partition, owner, membershipVersion, nowMs, cancel);
        if (outcome is AcquireOutcome.Acquired acquired)
        {
            newest.ByPartition[partition] = (acquired.Epoch, acquired.Tail);
        }

        return outcome;
    }

    public override async ValueTask<AppendOutcome> AppendAsync(JournalAppend append, CancellationToken cancel)
    {
        if (asksFirst && !await Inner.ConfirmAsync(append.Partition, append.Epoch, cancel))
        {
            return new AppendOutcome(AppendStatus.Fenced);
        }

        AppendOutcome outcome = await Inner.AppendAsync(append, cancel);
        if (outcome.Status == AppendStatus.Durable && append.Epoch == newest.ByPartition[append.Partition].Epoch)
        {
            newest.ByPartition[append.Partition] = (append.Epoch, append.Next);
        }

        if (outcome.Status != AppendStatus.Fenced)
        {
            return outcome;
        }

        (Epoch epoch, JournalTail tail) = newest.ByPartition[append.Partition];
        var moved = new JournalAppend(append.Partition, epoch, tail, append.Count, append.Payload);
        outcome = await Inner.AppendAsync(moved, cancel);
        if (outcome.Status == AppendStatus.Durable)
        {
            newest.ByPartition[append.Partition] = (epoch, moved.Next);
        }

        return outcome;
    }
}
