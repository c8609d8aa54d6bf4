using System.Buffers.Binary;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Postgres.Records;

/// <summary>
/// CRC-32C of everything in a row, its place included: little-endian, in the order of the parameters.
/// </summary>
internal static class RecordCrc
{
    public static int OfRecord(
        PartitionId partition, Revision first, Revision last, Epoch epoch, JournalRecordKind kind, UInt128 chain,
        ReadOnlySpan<byte> payload)
    {
        Span<byte> head = stackalloc byte[45];
        BinaryPrimitives.WriteUInt32LittleEndian(head, partition.Value);
        BinaryPrimitives.WriteInt64LittleEndian(head[4..], first.Value);
        BinaryPrimitives.WriteInt64LittleEndian(head[12..], last.Value);
        BinaryPrimitives.WriteInt64LittleEndian(head[20..], epoch.Value);
        head[28] = (byte)kind;
        BinaryPrimitives.WriteUInt128LittleEndian(head[29..], chain);
        return (int)Crc32C.Compute(payload, Crc32C.Compute(head));
    }

    public static int OfChunk(PartitionId partition, Revision at, Epoch epoch, int number, ReadOnlySpan<byte> payload)
    {
        Span<byte> head = stackalloc byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(head, partition.Value);
        BinaryPrimitives.WriteInt64LittleEndian(head[4..], at.Value);
        BinaryPrimitives.WriteInt64LittleEndian(head[12..], epoch.Value);
        BinaryPrimitives.WriteInt32LittleEndian(head[20..], number);
        return (int)Crc32C.Compute(payload, Crc32C.Compute(head));
    }

    public static int OfPointer(PartitionId partition, JournalTail at, Epoch epoch, Guid attempt, int chunks)
    {
        Span<byte> body = stackalloc byte[56];
        BinaryPrimitives.WriteUInt32LittleEndian(body, partition.Value);
        BinaryPrimitives.WriteInt64LittleEndian(body[4..], at.Revision.Value);
        BinaryPrimitives.WriteUInt128LittleEndian(body[12..], at.Chain);
        BinaryPrimitives.WriteInt64LittleEndian(body[28..], epoch.Value);
        attempt.TryWriteBytes(body[36..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt32LittleEndian(body[52..], chunks);
        return (int)Crc32C.Compute(body);
    }
}
