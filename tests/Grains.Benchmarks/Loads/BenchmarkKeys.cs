using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Slots;

namespace Grains.Benchmarks.Loads;

/// <summary>Keys key-000000, key-000001, … and where they live.</summary>
internal sealed class BenchmarkKeys
{
    public const int ValueBytes = 256;

    /// <summary>Of a key's number.</summary>
    public const int Digits = 6;

    /// <summary>With more of them a key has more digits than others.</summary>
    public const int CountMax = 1_000_000;

    public const int CountDefault = 100_000;
    public static readonly KeyspaceId Keyspace = new(7);
    private static readonly byte[] _value = RandomBytes(ValueBytes);

    private readonly Utf8Name[] _names;
    private readonly PartitionId[] _partitions;

    public BenchmarkKeys(int count, SlotMap slots)
    {
        _names = [.. Enumerable.Range(0, count).Select(Name)];
        _partitions = [.. _names.Select(n => slots.PartitionOf(PlacementKey.SlotOfSpreadKey(n.Span)))];
    }

    public int Count => _names.Length;

    public PartitionId PartitionOf(int key) => _partitions[key];

    public static Utf8Name Name(int number) => new($"key-{number:d6}");

    public PutKey Put(int key) => Put(_names[key]);

    public GetKey Get(int key) => new() { Keyspace = Keyspace, Key = _names[key] };

    /// <summary>With bytes of its own, as they would come from a connection.</summary>
    public static PutKey Put(Utf8Name name) => new() { Keyspace = Keyspace, Key = name, Value = [.. _value] };

    private static byte[] RandomBytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
