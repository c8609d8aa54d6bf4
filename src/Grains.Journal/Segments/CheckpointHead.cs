using System.Buffers.Binary;
using Grains.Journal.Log;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Segments;

/// <summary>
/// The first bytes of a checkpoint's file, written when all else is: the pointer to it, sealed, and i64 bytes of the
/// file. Behind it chunk after chunk: u32 bytes, then so many sealed ones.
/// </summary>
internal static class CheckpointHead
{
    public const int Bytes = 128;
    public const int ChunkHeadBytes = sizeof(uint);
    private const int _lengthAt = 64;

    public static byte[] Encode(PartitionId partition, CheckpointPointer pointer, long length)
    {
        byte[] head = new byte[Bytes];
        pointer.Encode(partition).CopyTo(head, 0);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(_lengthAt), length);
        return head;
    }

    /// <summary>It may be deleted meanwhile, and is read to its end all the same.</summary>
    public static FileStream OpenToRead(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    /// <returns>Null, or what is wrong.</returns>
    public static string? Check(string path, PartitionId partition, CheckpointPointer pointer)
    {
        Span<byte> head = stackalloc byte[Bytes];
        using FileStream file = OpenToRead(path);
        if (file.ReadAtLeast(head, Bytes, throwOnEndOfStream: false) < Bytes)
        {
            return $"it has {file.Length} bytes, fewer than its head";
        }

        if (!head.SequenceEqual(Encode(partition, pointer, file.Length)))
        {
            return $"its head names another one, or more or fewer than its {file.Length} bytes";
        }

        return null;
    }

    /// <param name="file">Where it is read from.</param>
    /// <param name="room">Taken for its bytes, and replaced where it is too small.</param>
    /// <returns>Empty: there is none.</returns>
    public static ReadOnlyMemory<byte> NextChunk(Stream file, ref byte[] room)
    {
        Span<byte> head = stackalloc byte[ChunkHeadBytes];
        if (file.ReadAtLeast(head, ChunkHeadBytes, throwOnEndOfStream: false) < ChunkHeadBytes)
        {
            return default;
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(head);
        if (length > SealedBytes.HeadBytes + JournalLimits.ChunkBytesMax)
        {
            return default;
        }

        if (room.Length < length)
        {
            room = new byte[length];
        }

        Memory<byte> stored = room.AsMemory(0, (int)length);
        return file.ReadAtLeast(stored.Span, stored.Length, throwOnEndOfStream: false) == stored.Length
            ? stored
            : default;
    }
}
