using System.Buffers.Binary;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Log;

/// <summary>A <see cref="JournalTail"/> in bytes: i64 revision, u128 chain.</summary>
internal static class StoredTail
{
    public const int Bytes = 24;

    public static byte[] Seal(PartitionId partition, JournalTail tail)
    {
        Span<byte> body = stackalloc byte[Bytes];
        Write(body, tail);
        return SealedBytes.Seal(partition.Value, body);
    }

    /// <returns>Null, or what is wrong.</returns>
    public static string? TryOpen(PartitionId partition, ReadOnlySpan<byte> stored, out JournalTail tail)
    {
        tail = JournalTail.Empty;
        if (SealedBytes.Check(partition.Value, stored, out ReadOnlySpan<byte> body) is { } what)
        {
            return what;
        }

        if (body.Length != Bytes)
        {
            return $"it has {body.Length} bytes and should have {Bytes}";
        }

        tail = Read(body);
        return null;
    }

    public static void Write(Span<byte> to, JournalTail tail)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, tail.Revision.Value);
        BinaryPrimitives.WriteUInt128LittleEndian(to[8..], tail.Chain);
    }

    public static JournalTail Read(ReadOnlySpan<byte> from) => new(
        new Revision(BinaryPrimitives.ReadInt64LittleEndian(from)),
        BinaryPrimitives.ReadUInt128LittleEndian(from[8..]));
}
