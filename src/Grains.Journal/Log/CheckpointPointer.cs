using System.Buffers.Binary;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Log;

/// <summary>Names the newest complete checkpoint of a partition.</summary>
/// <param name="Id">Under which its chunks are stored; never reused.</param>
/// <param name="Epoch">Who wrote it.</param>
/// <param name="At">The state holds every record up to here.</param>
/// <param name="Chunks">How many.</param>
public sealed record CheckpointPointer(long Id, Epoch Epoch, JournalTail At, int Chunks)
{
    private const int _bodyBytes = 44;

    public byte[] Encode(PartitionId partition)
    {
        Span<byte> body = stackalloc byte[_bodyBytes];
        BinaryPrimitives.WriteInt64LittleEndian(body, Id);
        BinaryPrimitives.WriteInt64LittleEndian(body[8..], Epoch.Value);
        BinaryPrimitives.WriteInt32LittleEndian(body[16..], Chunks);
        StoredTail.Write(body[20..], At);
        return SealedBytes.Seal(partition.Value, body);
    }

    /// <returns>Null, or what is wrong.</returns>
    public static string? TryDecode(PartitionId partition, ReadOnlySpan<byte> stored, out CheckpointPointer? pointer)
    {
        pointer = null;
        if (SealedBytes.Check(partition.Value, stored, out ReadOnlySpan<byte> body) is { } what)
        {
            return what;
        }

        if (body.Length != _bodyBytes)
        {
            return $"it has {body.Length} bytes and should have {_bodyBytes}";
        }

        pointer = new CheckpointPointer(
            BinaryPrimitives.ReadInt64LittleEndian(body),
            new Epoch(BinaryPrimitives.ReadInt64LittleEndian(body[8..])),
            StoredTail.Read(body[20..]),
            BinaryPrimitives.ReadInt32LittleEndian(body[16..]));
        return null;
    }
}
