using System.Buffers.Binary;
using Grains.StateMachines.Codecs;

namespace Grains.Journal.Log;

/// <summary>
/// Bytes of our own in a row of their own: u8 format = 1, three zero bytes, u32 CRC-32C over the row's key (i64) and
/// the body, then the body. The key binds them to their place.
/// </summary>
internal static class SealedBytes
{
    public const byte Format = 1;
    public const int HeadBytes = 8;

    public static byte[] Seal(long key, ReadOnlySpan<byte> body)
    {
        byte[] stored = new byte[HeadBytes + body.Length];
        stored[0] = Format;
        BinaryPrimitives.WriteUInt32LittleEndian(stored.AsSpan(4), Crc(key, body));
        body.CopyTo(stored.AsSpan(HeadBytes));
        return stored;
    }

    /// <returns>Null, or what is wrong; then <paramref name="body"/> is empty.</returns>
    public static string? Check(long key, ReadOnlySpan<byte> stored, out ReadOnlySpan<byte> body)
    {
        body = default;
        if (stored.Length < HeadBytes)
        {
            return $"it has {stored.Length} bytes, fewer than its head";
        }

        if (stored[0] != Format)
        {
            return $"it has format {stored[0]}; this version reads format {Format}";
        }

        uint expected = BinaryPrimitives.ReadUInt32LittleEndian(stored[4..]);
        uint found = Crc(key, stored[HeadBytes..]);
        if (expected != found)
        {
            return $"it has CRC {found:x8} and should have {expected:x8}";
        }

        body = stored[HeadBytes..];
        return null;
    }

    private static uint Crc(long key, ReadOnlySpan<byte> body)
    {
        Span<byte> place = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(place, key);
        return Crc32C.Compute(body, Crc32C.Compute(place));
    }
}
