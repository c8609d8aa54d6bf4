using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Keyspaces;

/// <summary>Named, versioned keys.</summary>
internal sealed class KeyspaceNoun(KeyTables tables, KeyRules rules, KeyActionRules actions) : Noun
{
    public override void Register(RuleBook book)
    {
        book.Decide<PutKey>(
            rules.Decide, done => new KeyWritten(new Revision(done.Revision), Created: done.Result == 1));
        book.Decide<DeleteKey>(rules.Decide, done => new KeyWritten(new Revision(done.Revision), Created: false));
        book.Decide<DropKeyspace>(rules.Decide);
        book.Decide<ChangeKey>(actions.Decide, KeyActionRules.Repeat);
        book.Decide<KeyTransaction>(actions.Decide, _ => new KeysChanged([]) { IsRepeat = true });
        book.Read<CountKeys>(actions.Read);
        book.Read<GetKey>(rules.Read);
        book.Read<ListKeys>(rules.Read);
    }

    public override long? NextOn(Timeline line) =>
        line == Timeline.Uptime && tables.Expiries.TryFirstDurable(default, out ExpiryKey first, out _)
            ? first.AtMs
            : null;

    public override void Due(Draft draft) => rules.Expire(draft);

    public override void Count(MachineStatistics statistics) => statistics.Keys = tables.Keys.Count;
}
