using Grains.StateMachines.Clocks;

namespace Grains.StateMachines.Batches;

/// <summary>
/// One kind of thing that a partition has: what is asked of it, what time makes of it, and what only memory knows of
/// it. A partition is a list of these (<c>Partitions/Nouns.cs</c>), and the machine asks each in turn.
/// </summary>
internal abstract class Noun
{
    /// <summary>Says which commands it decides or answers.</summary>
    public abstract void Register(RuleBook rules);

    /// <summary>Recovery is over: the last record was the own epoch record.</summary>
    public virtual void Begin()
    {
    }

    // Time.

    /// <summary>Something must be decided even if nothing new is asked.</summary>
    public virtual bool HasWork => false;

    /// <summary>
    /// Where that clock stands when the first of what records hold is due; null = nothing waits for it.
    /// </summary>
    public virtual long? NextOn(Timeline line) => null;

    /// <summary>When something ends or is to be looked at that only memory knows, in uptime; null = nothing.</summary>
    public virtual long? WakeAtMs => null;

    /// <summary>The wall clock was set back since it was last looked at, and something waits for it.</summary>
    public virtual bool HasSteppedBack(in Moment now) => false;

    // A batch: decided in this order, then committed or dropped.

    /// <summary>What time demands; a bounded number.</summary>
    public virtual void Due(Draft draft)
    {
    }

    /// <summary>What an earlier batch left to be decided before anything new is.</summary>
    public virtual void Stage(Draft draft)
    {
    }

    /// <summary>Everything asked is decided, and there will be a record: what may ride on it.</summary>
    public virtual void Complete(Draft draft)
    {
    }

    /// <summary>The batch is durable and its tables are committed: memory follows.</summary>
    public virtual void Commit(long nowMs, List<Reply> replies)
    {
    }

    /// <summary>The batch never was: memory is as before.</summary>
    public virtual void Drop(long nowMs)
    {
    }

    /// <summary>Answers those who wait, after each batch.</summary>
    public virtual void Answer(long nowMs, List<Reply> replies)
    {
    }

    /// <summary>Who waited under that ticket went away. False: nobody did here.</summary>
    public virtual bool Cancel(object ticket) => false;

    // A hand-over.

    /// <summary>Something would be lost with this memory that a hand-over keeps.</summary>
    public virtual bool HasHandOver(long nowMs) => false;

    /// <summary>That, as far as a record takes it.</summary>
    public virtual void StageHandOver(Draft draft)
    {
    }

    // Figures.

    /// <summary>Adds its own to what is known of a partition.</summary>
    public virtual void Count(MachineStatistics statistics)
    {
    }
}
