namespace Grains.StateMachines.Ids;

/// <summary>
/// Names one attempt-independent command of one front end: a repeat of it is applied once or refused.
/// </summary>
/// <param name="Incarnation">The front end's life: birth time in ms since 1970 times 2^20, plus 20 random bits.</param>
/// <param name="Number">From 1, counted by that front end for each partition on its own.</param>
[GenerateSerializer, Immutable, Alias("grains.command-id")]
public readonly record struct CommandId([property: Id(0)] long Incarnation, [property: Id(1)] long Number)
{
    /// <summary>A command without an id: nobody may repeat it.</summary>
    public static readonly CommandId None;

    public bool IsNone => Incarnation == 0;

    public static long NewIncarnation(long nowMs, Random random) => (nowMs << 20) | (long)random.Next(1 << 20);

    /// <summary>An incarnation younger than the given one, for a front end whose clock is behind.</summary>
    public static long IncarnationAfter(long other, Random random) => NewIncarnation((other >> 20) + 1, random);

    public override string ToString() => IsNone ? "c-" : $"c{Incarnation:x}/{Number}";
}
