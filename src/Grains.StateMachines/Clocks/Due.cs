namespace Grains.StateMachines.Clocks;

/// <summary>
/// When a message's time comes: so long after it was decided on, or at a time; the default = at once.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.due")]
public readonly record struct Due([property: Id(0)] long DelayMs, [property: Id(1)] long AtMs)
{
    public bool IsLater => DelayMs > 0 || AtMs > 0;
}
