using System.Buffers.Binary;
using Grains.StateMachines.Codecs;

namespace Grains.Journal.Segments;

/// <summary>
/// What stands before each row of a segment. Little-endian:
/// <code>
///  0  u64  salt of the segment, drawn when it began: bytes of an earlier use, and bytes of a payload, are no head
///  8  i64  number of the segment
/// 16  i64  number of the row
/// 24  u32  bytes of the flush row behind this head
/// 28  u32  bytes of the notes behind that
/// 32  u32  CRC-32C of the notes; the flush row has its own
/// 36  u32  CRC-32C of everything above
/// </code>
/// </summary>
internal readonly record struct RowHead(ulong Salt, long Segment, long Row, int FlushBytes, int NoteBytes, uint NoteCrc)
{
    public const int Bytes = 40;

    /// <summary>Rows begin at multiples of it, so that those behind a damaged one are found.</summary>
    public const int Alignment = 64;

    private const int _crcAt = Bytes - sizeof(uint);

    /// <summary>From the beginning of the head to that of the next row.</summary>
    public long Span => Aligned(Bytes + (long)FlushBytes + NoteBytes);

    public static long Aligned(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(to, Salt);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], Segment);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], Row);
        BinaryPrimitives.WriteInt32LittleEndian(to[24..], FlushBytes);
        BinaryPrimitives.WriteInt32LittleEndian(to[28..], NoteBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(to[32..], NoteCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(to[_crcAt..], Crc32C.Compute(to[.._crcAt]));
    }

    /// <returns>Null: no head of this segment stands here.</returns>
    public static RowHead? Read(ReadOnlySpan<byte> from, ulong salt, long segment)
    {
        if (from.Length < Bytes
            || BinaryPrimitives.ReadUInt64LittleEndian(from) != salt
            || BinaryPrimitives.ReadUInt32LittleEndian(from[_crcAt..]) != Crc32C.Compute(from[.._crcAt]))
        {
            return null;
        }

        RowHead head = new(
            salt,
            BinaryPrimitives.ReadInt64LittleEndian(from[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(from[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(from[24..]),
            BinaryPrimitives.ReadInt32LittleEndian(from[28..]),
            BinaryPrimitives.ReadUInt32LittleEndian(from[32..]));
        return head.Segment == segment && head.FlushBytes >= 0 && head.NoteBytes >= 0 ? head : null;
    }
}
