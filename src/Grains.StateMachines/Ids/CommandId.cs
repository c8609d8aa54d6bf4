namespace Grains.StateMachines.Ids;

/// <summary>
/// Names one attempt-independent command of one router: a repeat of it is applied once or refused.
/// </summary>
/// <param name="Incarnation">One life of the router: its start in seconds since 1970 times 2^30, plus 30 random bits:
/// of a thousand that start in the same second no two are alike but once in 2,000 times, and the younger is the
/// greater.</param>
/// <param name="Number">From 1, counted by that router for each partition on its own.</param>
[GenerateSerializer, Immutable, Alias("grains.command-id")]
public readonly record struct CommandId([property: Id(0)] long Incarnation, [property: Id(1)] long Number)
{
    private const int _randomBits = 30;

    /// <summary>A command without an id: nobody may repeat it.</summary>
    public static readonly CommandId None;

    public bool IsNone => Incarnation == 0;

    public static long NewIncarnation(long nowMs, Random random) => StartedAt(nowMs / 1_000, random);

    /// <summary>An incarnation younger than the given one, for a router whose clock is behind.</summary>
    public static long IncarnationAfter(long other, Random random) => StartedAt((other >> _randomBits) + 1, random);

    private static long StartedAt(long seconds, Random random) =>
        (seconds << _randomBits) | (long)random.Next(1 << _randomBits);

    public override string ToString() => IsNone ? "c-" : $"c{Incarnation:x}/{Number}";
}
