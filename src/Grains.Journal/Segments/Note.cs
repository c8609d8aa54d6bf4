using System.Buffers.Binary;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Segments;

/// <summary>What a note is about; of each kind and partition the last one counts.</summary>
internal enum NoteKind : byte
{
    /// <summary>Which start of the journal writes from here on.</summary>
    Session = 1,

    /// <summary>No segment below this number is needed.</summary>
    Oldest = 2,

    /// <summary>The newest epoch of a partition, as a <see cref="Log.StoredEpoch"/>.</summary>
    Epoch = 3,

    /// <summary>What is forgotten of a partition, as a <see cref="Log.StoredTail"/>.</summary>
    Forgotten = 4,

    /// <summary>The newest checkpoint of a partition, as a <see cref="Log.CheckpointPointer"/>.</summary>
    Checkpoint = 5,
}

/// <summary>
/// A line behind the records of a row: u8 kind, three zero bytes, u32 partition, i64 number, u32 bytes, then the bytes.
/// </summary>
internal readonly record struct Note(NoteKind Kind, PartitionId Partition, long Number, ReadOnlyMemory<byte> Body)
{
    private const int _headBytes = 20;

    public int Bytes => _headBytes + Body.Length;

    /// <returns>The rest of <paramref name="to"/>.</returns>
    public Span<byte> Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, (byte)Kind);
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], Partition.Value);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], Number);
        BinaryPrimitives.WriteInt32LittleEndian(to[16..], Body.Length);
        Body.Span.CopyTo(to[_headBytes..]);
        return to[Bytes..];
    }

    /// <summary>Reads notes whose CRC is right.</summary>
    public static IEnumerable<Note> ReadAll(byte[] from)
    {
        int at = 0;
        while (at < from.Length)
        {
            ReadOnlySpan<byte> head = from.AsSpan(at, _headBytes);
            int bytes = BinaryPrimitives.ReadInt32LittleEndian(head[16..]);
            yield return new Note(
                (NoteKind)head[0],
                new PartitionId(BinaryPrimitives.ReadUInt32LittleEndian(head[4..])),
                BinaryPrimitives.ReadInt64LittleEndian(head[8..]),
                from.AsMemory(at + _headBytes, bytes));
            at += _headBytes + bytes;
        }
    }
}
