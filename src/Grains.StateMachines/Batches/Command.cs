using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Batches;

/// <summary>
/// Something asked of one partition. Immutable once handed over; byte arrays in it become part of the state.
/// Commands are decided in the order in which the partition took them from its queue.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.command")]
public abstract record Command
{
    /// <summary>Set on everything that changes something and may be repeated by its router.</summary>
    [Id(0)] public CommandId Id { get; init; }

    /// <summary>How fresh the answer to a read must be.</summary>
    [Id(1)] public ReadConsistency Consistency { get; init; }

    /// <summary>
    /// Others of the same caller follow at once: the thread that brings it here is not to wait for the disk for it
    /// alone. Known to the process of the caller only.
    /// </summary>
    [field: NonSerialized]
    public bool IsFollowed { get; init; }

    /// <summary>Changes nothing: answered from durable state after the writes of its batch.</summary>
    public virtual bool IsRead => false;

    /// <summary>
    /// Twice has the effect of once: it needs no id. So it is with reads, with what changes memory only, and with what
    /// carries its own place in an order.
    /// </summary>
    public virtual bool MayRunTwice => IsRead;

    /// <summary>What the command adds at the most to a record, in bytes; bounds queues and batches.</summary>
    public virtual int SizeBytes => 64;

    /// <summary>
    /// What records must be able to say for it. Asked where a command leaves its router too: an owner of an older
    /// version would not see what it does not know.
    /// </summary>
    public virtual FormatNeed Format => default;

    /// <summary>
    /// It may wait inside the partition, for <see cref="WaitMs"/>, and is answered once: it shares no call with others,
    /// is forgotten when its caller gives up, and is asked again with what is left of its wait if its owner is lost.
    /// </summary>
    public virtual bool WaitsInside => false;

    /// <summary>Maximum wait.</summary>
    public virtual long WaitMs { get => 0; init => throw new NotSupportedException($"A {GetType().Name} does not "
        + "wait."); }
}
