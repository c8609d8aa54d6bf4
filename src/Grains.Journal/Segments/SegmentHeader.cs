using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Grains.Journal.Log;

namespace Grains.Journal.Segments;

/// <summary>
/// The first bytes of a segment: whose it is, which numbers it stands for, and where its rows begin. Sealed under its
/// number: 32 bytes id of the folder, u64 salt, i64 first and last number of segment, i64 first row, i64 rows.
/// </summary>
/// <param name="Folder">The id of the folder.</param>
/// <param name="Salt">In the head of each of its rows.</param>
/// <param name="First">
/// The oldest segment whose rows are here: those that were put together count as all of them.
/// </param>
/// <param name="Number">Its own number, which its name has too.</param>
/// <param name="FirstRow">The number of its first row at the earliest.</param>
/// <param name="Rows">
/// How many; negative = it was written row by row, without gaps, up to where the next one begins.
/// </param>
internal sealed record SegmentHeader(string Folder, ulong Salt, long First, long Number, long FirstRow, long Rows)
{
    /// <summary>The first row stands here.</summary>
    public const int Bytes = 128;

    public const int Open = -1;

    private const int _folderBytes = 32;
    private const int _bodyBytes = _folderBytes + (5 * sizeof(long));

    public bool IsPutTogether => Rows >= 0;

    /// <summary>What nobody outside can know, so that no payload looks like a row.</summary>
    public static ulong DrawSalt() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    public byte[] Encode()
    {
        Span<byte> body = stackalloc byte[_bodyBytes];
        Encoding.ASCII.GetBytes(Folder, body);
        BinaryPrimitives.WriteUInt64LittleEndian(body[_folderBytes..], Salt);
        BinaryPrimitives.WriteInt64LittleEndian(body[40..], First);
        BinaryPrimitives.WriteInt64LittleEndian(body[48..], Number);
        BinaryPrimitives.WriteInt64LittleEndian(body[56..], FirstRow);
        BinaryPrimitives.WriteInt64LittleEndian(body[64..], Rows);
        byte[] bytes = new byte[Bytes];
        SealedBytes.Seal(Number, body).CopyTo(bytes, 0);
        return bytes;
    }

    /// <returns>Null, or what is wrong.</returns>
    public static string? TryDecode(long number, ReadOnlySpan<byte> from, out SegmentHeader? header)
    {
        header = null;
        int all = SealedBytes.HeadBytes + _bodyBytes;
        if (SealedBytes.Check(number, from[..Math.Min(from.Length, all)], out ReadOnlySpan<byte> body) is { } what)
        {
            return what;
        }

        if (body.Length != _bodyBytes)
        {
            return $"it has {body.Length} bytes and should have {_bodyBytes}";
        }

        header = new SegmentHeader(
            Encoding.ASCII.GetString(body[.._folderBytes]),
            BinaryPrimitives.ReadUInt64LittleEndian(body[_folderBytes..]),
            BinaryPrimitives.ReadInt64LittleEndian(body[40..]),
            BinaryPrimitives.ReadInt64LittleEndian(body[48..]),
            BinaryPrimitives.ReadInt64LittleEndian(body[56..]),
            BinaryPrimitives.ReadInt64LittleEndian(body[64..]));
        return null;
    }
}
