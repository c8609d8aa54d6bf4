using Grains.StateMachines.Codecs;
using Grains.StateMachines.Tables;

namespace Grains.StateMachines.Batches;

/// <summary>One table as a checkpoint holds it.</summary>
/// <param name="number">The second byte of its chunks. Numbers are never reused.</param>
/// <param name="name">What its entries are, for people.</param>
internal abstract class Section(byte number, string name)
{
    /// <summary>The first byte of every chunk.</summary>
    public const byte Format = 1;

    public byte Number => number;

    public string Name => name;

    /// <summary>As it is now, for another thread. O(1).</summary>
    public abstract FrozenSection Freeze();

    /// <summary>One entry, straight into the state of a machine that is recovering.</summary>
    public abstract void Read(ref RecordReader from);
}

/// <summary>Bytes → an entry in a table.</summary>
internal delegate void ReadEntry(ref RecordReader from);

internal sealed class Section<TKey, TValue>(
    byte number, string name, Table<TKey, TValue> table, Action<RecordWriter, TKey, TValue> write, ReadEntry read)
    : Section(number, name)
    where TKey : struct, IComparable<TKey>, IEquatable<TKey>
    where TValue : class
{
    /// <summary>Null: all its entries have one name.</summary>
    public Func<TValue, string>? NameOf { get; init; }

    public void Write(RecordWriter to, TKey key, TValue value) => write(to, key, value);

    public override FrozenSection Freeze() => new FrozenSection<TKey, TValue>(this, table.Freeze());

    public override void Read(ref RecordReader from) => read(ref from);
}

/// <summary>A section at one revision, for ever.</summary>
internal abstract class FrozenSection
{
    /// <summary>What it holds by names, counted through.</summary>
    public abstract IEnumerable<(string Name, long Count)> Count();

    /// <summary>Each chunk is valid until the next is asked for.</summary>
    public abstract IEnumerable<ReadOnlyMemory<byte>> Chunks(RecordWriter to);
}

/// <remarks>
/// Chunk format 1: format byte, section byte, number of entries (fixed 32 bits), the entries in key order, CRC32C.
/// A chunk ends at the entry that takes it over 256 KiB.
/// </remarks>
internal sealed class FrozenSection<TKey, TValue>(
    Section<TKey, TValue> section, FrozenTree<TKey, TValue> entries) : FrozenSection
    where TKey : struct, IComparable<TKey>, IEquatable<TKey>
    where TValue : class
{
    private const int _chunkBytes = 256 << 10;
    private const int _countOffset = 2;

    public override IEnumerable<(string Name, long Count)> Count() => section.NameOf is { } nameOf
        ? entries.All.CountBy(e => nameOf(e.Value)).Select(c => (c.Key, (long)c.Value))
        : [(section.Name, entries.Count)];

    public override IEnumerable<ReadOnlyMemory<byte>> Chunks(RecordWriter to)
    {
        uint count = 0;
        foreach ((TKey key, TValue value) in entries.All)
        {
            if (count == 0)
            {
                to.Clear();
                to.Byte(Section.Format);
                to.Byte(section.Number);
                to.Fixed32(0);
            }

            section.Write(to, key, value);
            count++;
            if (to.Length >= _chunkBytes)
            {
                yield return End(to, ref count);
            }
        }

        if (count > 0)
        {
            yield return End(to, ref count);
        }
    }

    private static ReadOnlyMemory<byte> End(RecordWriter to, ref uint count)
    {
        to.Fixed32At(_countOffset, count);
        to.Seal();
        count = 0;
        return to.Written;
    }
}
