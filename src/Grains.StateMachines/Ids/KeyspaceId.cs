namespace Grains.StateMachines.Ids;

/// <summary>The revision of a keyspace's declaration, as <see cref="ServiceId"/> for services.</summary>
[GenerateSerializer, Immutable, Alias("grains.keyspace-id")]
public readonly record struct KeyspaceId([property: Id(0)] long Value)
{
    /// <summary>Holds the declarations of services and keyspaces; exists from the first start.</summary>
    public static readonly KeyspaceId System = new(0);

    public override string ToString() => $"k{Value}";
}
