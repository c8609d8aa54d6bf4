using System.Buffers.Text;

namespace Grains.StateMachines.Ids;

/// <summary>
/// The text form of ids that users carry but must not take apart: a letter, then base64url of three varints and two
/// bytes of CRC16, so that a mistyped id is refused instead of meaning something else. Each id has one form.
/// </summary>
internal static class OpaqueId
{
    private const int _maxBytes = 32;

    public static string Write(char kind, long a, long b, long c)
    {
        Span<byte> bytes = stackalloc byte[_maxBytes];
        int length = 0;
        bytes[length++] = (byte)kind;
        length += WriteVarint(bytes[length..], a);
        length += WriteVarint(bytes[length..], b);
        length += WriteVarint(bytes[length..], c);
        ushort check = Slots.Crc16.Compute(bytes[..length]);
        bytes[length++] = (byte)(check >> 8);
        bytes[length++] = (byte)check;
        return kind + Base64Url.EncodeToString(bytes[1..length]);
    }

    public static bool TryRead(char kind, string? text, out long a, out long b, out long c)
    {
        a = b = c = 0;
        if (text is null || text.Length is < 2 or > 44 || text[0] != kind || !Base64Url.IsValid(text.AsSpan(1)))
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
            && at == body
            && text.AsSpan().SequenceEqual(Write(kind, a, b, c));
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
