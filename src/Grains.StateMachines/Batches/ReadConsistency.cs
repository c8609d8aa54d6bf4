using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Batches;

/// <summary>
/// How fresh the answer to a read must be: the choice between consistency and availability, per request.
/// </summary>
/// <param name="Level">The promise.</param>
/// <param name="Incarnation">For <see cref="ConsistencyLevel.Session"/>: the history that the position belongs
/// to.</param>
/// <param name="AtLeast">For <see cref="ConsistencyLevel.Session"/>: the answer has seen everything up to here.</param>
[GenerateSerializer, Immutable, Alias("grains.read-consistency")]
public readonly record struct ReadConsistency(
    [property: Id(0)] ConsistencyLevel Level, [property: Id(1)] long Incarnation = 0,
    [property: Id(2)] Revision AtLeast = default)
{
    public static readonly ReadConsistency Stale = new(ConsistencyLevel.Stale);
}

/// <summary>What a read promises. Every answer holds durable data only.</summary>
public enum ConsistencyLevel
{
    /// <summary>Everything that was acknowledged before the read began.</summary>
    Linearizable = 0,

    /// <summary>Everything up to a position that the caller knows; perhaps more.</summary>
    Session = 1,

    /// <summary>Some moment of the past, as the server that had the partition last knows it.</summary>
    Stale = 2,
}
