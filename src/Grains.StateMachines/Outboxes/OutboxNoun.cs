using Grains.StateMachines.Batches;

namespace Grains.StateMachines.Outboxes;

/// <summary>What moves between partitions.</summary>
internal sealed class OutboxNoun(OutboxTables tables, OutboxRules rules) : Noun
{
    public override void Register(RuleBook book)
    {
        book.Decide<AcceptTransfer>(rules.Decide);
        book.Decide<ClearOutbox>(rules.Decide, Done.Again);
    }

    public override void Count(MachineStatistics statistics) => statistics.OutboxEntries = tables.Outbox.Count;
}
