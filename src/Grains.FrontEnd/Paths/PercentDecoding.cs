using System.Globalization;

namespace Grains.FrontEnd.Paths;

/// <summary>Percent-escapes to bytes, once. The characters of a request target are ASCII.</summary>
internal static class PercentDecoding
{
    /// <summary>
    /// False = a broken escape, a character outside ASCII, or more than fits <paramref name="to"/>;
    /// <paramref name="written"/> then tells how far it came.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<char> raw, Span<byte> to, bool plusIsSpace, out int written)
    {
        written = 0;
        for (int at = 0; at < raw.Length; at++)
        {
            char c = raw[at];
            if (c == '%')
            {
                if (at + 2 >= raw.Length || !char.IsAsciiHexDigit(raw[at + 1]) || !char.IsAsciiHexDigit(raw[at + 2])
                    || written == to.Length)
                {
                    return false;
                }

                to[written++] = byte.Parse(raw.Slice(at + 1, 2), NumberStyles.AllowHexSpecifier);
                at += 2;
                continue;
            }

            if (c > 0x7e || written == to.Length)
            {
                return false;
            }

            to[written++] = plusIsSpace && c == '+' ? (byte)' ' : (byte)c;
        }

        return true;
    }
}
