namespace Grains.StateMachines.Ids;

/// <summary>Number of one ownership of a partition, from 1. One epoch wins; an older one changes nothing.</summary>
[GenerateSerializer, Immutable, Alias("grains.epoch")]
public readonly record struct Epoch([property: Id(0)] long Value) : IComparable<Epoch>
{
    public Epoch Next => new(Value + 1);

    public int CompareTo(Epoch other) => Value.CompareTo(other.Value);

    public static bool operator <(Epoch a, Epoch b) => a.Value < b.Value;

    public static bool operator >(Epoch a, Epoch b) => a.Value > b.Value;

    public static bool operator <=(Epoch a, Epoch b) => a.Value <= b.Value;

    public static bool operator >=(Epoch a, Epoch b) => a.Value >= b.Value;

    public override string ToString() => $"e{Value}";
}
