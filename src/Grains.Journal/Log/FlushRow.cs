using System.Buffers.Binary;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Log;

/// <summary>
/// The bytes of one flush: the records of all partitions that became durable together. Little-endian:
/// <code>
///  0  u8   format = 1, then three zero bytes
///  4  u32  number of records n
///  8  i64  row id, so that a row in another's place is noticed
/// 16  n × 72 bytes, the directory: u32 partition, u8 kind, three zero bytes, i64 epoch, i64 first revision,
///     i32 count, u32 offset, u32 length, u32 CRC-32C of the payload, u128 chain before, u128 chain after
///     u32  CRC-32C of everything above
///     the payloads, in the order of the directory
/// </code>
/// </summary>
internal static class FlushRow
{
    public const byte Format = 1;
    public const int HeadBytes = 16;
    public const int EntryBytes = 72;
    public const int CrcBytes = 4;

    public static int DirectoryBytes(int entries) => HeadBytes + (entries * EntryBytes) + CrcBytes;

    /// <summary>Reads and checks the directory.</summary>
    /// <returns>Null, or what is wrong with it; then <paramref name="into"/> is empty.</returns>
    public static string? ReadDirectory(long row, ReadOnlySpan<byte> body, List<DirectoryEntry> into)
    {
        into.Clear();
        if (body.Length < HeadBytes + CrcBytes)
        {
            return $"flush row {row} has {body.Length} bytes, fewer than its head.";
        }

        if (body[0] != Format)
        {
            return $"flush row {row} has format {body[0]}; this version reads format {Format}.";
        }

        uint entries = BinaryPrimitives.ReadUInt32LittleEndian(body[4..]);
        if (entries > (body.Length - HeadBytes - CrcBytes) / EntryBytes)
        {
            return $"flush row {row} of {body.Length} bytes claims {entries} records.";
        }

        int crcAt = HeadBytes + ((int)entries * EntryBytes);
        uint stored = BinaryPrimitives.ReadUInt32LittleEndian(body[crcAt..]);
        uint found = Crc32C.Compute(body[..crcAt]);
        if (stored != found)
        {
            return $"the directory of flush row {row} has CRC {found:x8} and should have {stored:x8}.";
        }

        long id = BinaryPrimitives.ReadInt64LittleEndian(body[8..]);
        if (id != row)
        {
            return $"flush row {row} holds the bytes of row {id}.";
        }

        for (int i = 0; i < entries; i++)
        {
            into.Add(ReadEntry(row, body.Slice(HeadBytes + (i * EntryBytes), EntryBytes)));
        }

        return null;
    }

    public static void WriteEntry(Span<byte> at, in FlushEntry entry, int offset, uint crc)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(at, entry.Partition.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(at[4..], (byte)entry.Kind);
        BinaryPrimitives.WriteInt64LittleEndian(at[8..], entry.Epoch.Value);
        BinaryPrimitives.WriteInt64LittleEndian(at[16..], entry.First.Value);
        BinaryPrimitives.WriteInt32LittleEndian(at[24..], entry.Count);
        BinaryPrimitives.WriteInt32LittleEndian(at[28..], offset);
        BinaryPrimitives.WriteInt32LittleEndian(at[32..], entry.Payload.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(at[36..], crc);
        BinaryPrimitives.WriteUInt128LittleEndian(at[40..], entry.ChainBefore);
        BinaryPrimitives.WriteUInt128LittleEndian(at[56..], entry.ChainAfter);
    }

    private static DirectoryEntry ReadEntry(long row, ReadOnlySpan<byte> at) => new(
        new PartitionId(BinaryPrimitives.ReadUInt32LittleEndian(at)),
        BinaryPrimitives.ReadUInt128LittleEndian(at[40..]),
        BinaryPrimitives.ReadUInt32LittleEndian(at[36..]),
        new LogEntry(
            (JournalRecordKind)at[4],
            new Revision(BinaryPrimitives.ReadInt64LittleEndian(at[16..])),
            BinaryPrimitives.ReadInt32LittleEndian(at[24..]),
            new Epoch(BinaryPrimitives.ReadInt64LittleEndian(at[8..])),
            BinaryPrimitives.ReadUInt128LittleEndian(at[56..]),
            new LogPlace(
                row,
                BinaryPrimitives.ReadInt32LittleEndian(at[28..]),
                BinaryPrimitives.ReadInt32LittleEndian(at[32..]))));
}
