namespace Grains.StateMachines.Ids;

/// <summary>
/// The revision of a service's declaration: a service deleted and declared again is another one.
/// Records and commands carry this, never the name.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.service-id")]
public readonly record struct ServiceId([property: Id(0)] long Value)
{
    public override string ToString() => $"s{Value}";
}
