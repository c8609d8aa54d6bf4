using System.Buffers.Text;

namespace Grains.StateMachines.Codecs;

/// <summary>
/// Signed 64-bit integers as ASCII text, by one grammar: each number has one form, <c>0</c> or <c>-?[1-9][0-9]*</c>.
/// </summary>
public static class SignedNumber
{
    /// <summary>Digits and sign of <see cref="long.MinValue"/>.</summary>
    public const int CharsMax = 20;

    private const ulong _magnitudeMax = 1UL << 63;

    public static bool TryParse(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        bool isNegative = text.Length > 1 && text[0] == '-';
        ReadOnlySpan<byte> digits = isNegative ? text[1..] : text;
        if (digits.Length is 0 or >= CharsMax
            || (digits[0] == '0' && (isNegative || digits.Length > 1))
            || digits.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return false;
        }

        ulong magnitude = 0;
        foreach (byte digit in digits)
        {
            magnitude = (magnitude * 10) + (uint)(digit - '0');
        }

        value = isNegative ? (long)(0 - magnitude) : (long)magnitude;
        return magnitude < _magnitudeMax || (isNegative && magnitude == _magnitudeMax);
    }

    public static byte[] Write(long value)
    {
        Span<byte> text = stackalloc byte[CharsMax];
        Utf8Formatter.TryFormat(value, text, out int length);
        return text[..length].ToArray();
    }
}
