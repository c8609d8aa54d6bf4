using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Timers;

/// <summary>Messages that come to a node at the times of a schedule.</summary>
internal sealed class TimerNoun(TimerTables tables, TimerRules rules, TimerFiring firing) : Noun
{
    public override void Register(RuleBook book)
    {
        book.Decide<ChangeTimer>(
            rules.Decide, done => new TimerChanged(new Revision(done.Revision), Created: done.Result == 1));
        book.Read<ListTimers>(rules.Read);
    }

    public override void Begin() => firing.Begin();

    public override bool HasWork => firing.HasWork;

    public override long? NextOn(Timeline line) => firing.WakeAtMs(line);

    public override long? WakeAtMs => firing.ReadAgainAtMs;

    public override bool HasSteppedBack(in Moment now) => firing.HasSteppedBack(now);

    public override void Due(Draft draft) => firing.Fire(draft);

    public override void Drop(long nowMs) => firing.Drop();

    public override void Count(MachineStatistics statistics)
    {
        statistics.TimersUnreadable = firing.UnreadableCount;
        statistics.TimersHeld = tables.TimersHeld.Count;
        statistics.TimersWithoutRoom = firing.WaitingForRoomCount;
    }
}
