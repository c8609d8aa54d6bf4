using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Mailboxes;

/// <summary>Nodes, their states, and the messages that wait for them.</summary>
internal sealed class MailboxNoun(PartitionId partition, MailboxTables tables, NodeRules rules, NodeReads reads) : Noun
{
    public override void Register(RuleBook book)
    {
        book.Decide<SendMessage>(
            rules.Decide,
            done => new MessageAccepted(new MessageId(partition, new Revision(done.Revision), 0), Repeated: false),
            rules.Repeat);
        book.Decide<PutState>(
            rules.Decide, done => new StateWritten(new Revision(done.Revision), Created: done.Result == 1));
        book.Decide<PurgeNode>(rules.Decide, done => new Purged(Counts.High(done.Result), Counts.Low(done.Result)));
        book.Decide<SettleDeadLetters>(
            rules.Decide, done => new Settled(Counts.High(done.Result), (done.Result & 1) == 1));
        book.Decide<SettleDeadLetter>(rules.Decide, Done.Again);
        book.Decide<CancelMessage>(rules.Decide, Done.Again);
        book.Decide<PauseNode>(rules.Decide, Done.Again);
        book.Decide<DropService>(rules.Decide);
        book.Read<GetNode>(reads.Read);
        book.Read<ListNodes>(reads.Read);
        book.Read<ListMessages>(reads.Read);
        book.Read<GetMessage>(reads.Read);
        book.Read<FindOldest>(reads.Read);
    }

    public override long? NextOn(Timeline line)
    {
        long first = tables.Due.TryFirstDurable(DueKey.FirstOf(line), out DueKey due, out _) && due.Line == line
            ? due.AtMs
            : long.MaxValue;
        first = line == Timeline.Uptime ? Math.Min(first, rules.ExpiryAtMs ?? long.MaxValue) : first;
        return first == long.MaxValue ? null : first;
    }

    public override void Due(Draft draft)
    {
        rules.Release(draft);
        rules.Expire(draft);
    }

    public override void Drop(long nowMs) => rules.Drop();

    public override void Count(MachineStatistics statistics)
    {
        statistics.Nodes = tables.Nodes.Count;
        statistics.Messages = tables.Messages.Count;
        statistics.Expired = rules.Expired;
    }
}
