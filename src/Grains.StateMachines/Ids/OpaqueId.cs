using System.Buffers.Binary;
using System.Buffers.Text;

namespace Grains.StateMachines.Ids;

/// <summary>
/// The text form of ids that users carry but must not take apart: a letter, then base64url of three varints, a seal of
/// 16 bytes where there is one, and two bytes of CRC16, so that a mistyped id is refused instead of meaning something
/// else. Each id has one form.
/// </summary>
internal static class OpaqueId
{
    private const int _sealBytes = 16;
    private const int _maxBytes = 32 + _sealBytes;
    private const int _maxChars = 1 + (((_maxBytes * 4) + 2) / 3);

    /// <param name="kind">The letter.</param>
    /// <param name="seal">0 = none.</param>
    public static string Write(char kind, long a, long b, long c, UInt128 seal = default)
    {
        Span<byte> bytes = stackalloc byte[_maxBytes];
        int length = 0;
        bytes[length++] = (byte)kind;
        length += WriteVarint(bytes[length..], a);
        length += WriteVarint(bytes[length..], b);
        length += WriteVarint(bytes[length..], c);
        if (seal != default)
        {
            BinaryPrimitives.WriteUInt128BigEndian(bytes[length..], seal);
            length += _sealBytes;
        }

        ushort check = Slots.Crc16.Compute(bytes[..length]);
        bytes[length++] = (byte)(check >> 8);
        bytes[length++] = (byte)check;
        return kind + Base64Url.EncodeToString(bytes[1..length]);
    }

    /// <summary>An id that has no seal.</summary>
    public static bool TryRead(char kind, string? text, out long a, out long b, out long c) =>
        TryRead(kind, text, out a, out b, out c, out UInt128 seal) && seal == default;

    public static bool TryRead(char kind, string? text, out long a, out long b, out long c, out UInt128 seal)
    {
        a = b = c = 0;
        seal = default;
        if (text is null || text.Length is < 2 or > _maxChars || text[0] != kind || !Base64Url.IsValid(text.AsSpan(1)))
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[_maxBytes + 8];
        bytes[0] = (byte)kind;
        if (!Base64Url.TryDecodeFromChars(text.AsSpan(1), bytes[1..], out int decoded) || decoded < 5)
        {
            return false;
        }

        int body = decoded - 1;
        ushort check = (ushort)((bytes[body] << 8) | bytes[body + 1]);
        int at = 1;
        return check == Slots.Crc16.Compute(bytes[..body])
            && TryReadVarint(bytes[..body], ref at, out a)
            && TryReadVarint(bytes[..body], ref at, out b)
            && TryReadVarint(bytes[..body], ref at, out c)
            && TryReadSeal(bytes[at..body], out seal)
            && text.AsSpan().SequenceEqual(Write(kind, a, b, c, seal));
    }

    /// <summary>One that is there is not 0: each id has one text.</summary>
    private static bool TryReadSeal(ReadOnlySpan<byte> rest, out UInt128 seal)
    {
        seal = rest.Length == _sealBytes ? BinaryPrimitives.ReadUInt128BigEndian(rest) : default;
        return rest.IsEmpty || seal != default;
    }

    private static int WriteVarint(Span<byte> to, long value)
    {
        ulong rest = (ulong)value;
        int length = 0;
        while (rest >= 0x80)
        {
            to[length++] = (byte)(rest | 0x80);
            rest >>= 7;
        }

        to[length++] = (byte)rest;
        return length;
    }

    private static bool TryReadVarint(ReadOnlySpan<byte> from, ref int at, out long value)
    {
        ulong result = 0;
        for (int shift = 0; shift < 64 && at < from.Length; shift += 7)
        {
            byte next = from[at++];
            result |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                value = (long)result;
                return true;
            }
        }

        value = 0;
        return false;
    }
}
