namespace Grains.StateMachines.Ids;

/// <summary>Position in one partition's history: dense, from 1; 0 is "before everything". Below 2^53 in JSON.</summary>
[GenerateSerializer, Immutable, Alias("grains.revision")]
public readonly record struct Revision([property: Id(0)] long Value) : IComparable<Revision>
{
    public static readonly Revision None = new(0);

    public Revision Next => new(Value + 1);

    public int CompareTo(Revision other) => Value.CompareTo(other.Value);

    public static bool operator <(Revision a, Revision b) => a.Value < b.Value;

    public static bool operator >(Revision a, Revision b) => a.Value > b.Value;

    public static bool operator <=(Revision a, Revision b) => a.Value <= b.Value;

    public static bool operator >=(Revision a, Revision b) => a.Value >= b.Value;

    public static Revision operator +(Revision a, long count) => new(a.Value + count);

    public override string ToString() => $"r{Value}";
}
