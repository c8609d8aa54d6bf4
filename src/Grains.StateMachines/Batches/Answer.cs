using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Batches;

/// <summary>What a command comes to. Leaves the partition only when all that it saw is durable and confirmed.</summary>
[GenerateSerializer, Immutable, Alias("grains.answer")]
public abstract record Answer
{
    /// <summary>The partition's durable revision when the answer was given, its own write included.</summary>
    [Id(0)] public Revision At { get; set; }

    /// <summary>The history that the revision belongs to: raised by a restore.</summary>
    [Id(1)] public long Incarnation { get; set; }
}
