using System.Globalization;
using System.Text;

namespace Grains.StateMachines.Codecs;

/// <summary>
/// Decimal numbers as ASCII text, <c>[+-]?digits[.digits][e[+-]digits]</c>, and their sum. Exact where both and the sum
/// have up to 28 digits; beyond that in binary floating point of 64 bits.
/// </summary>
public static class DecimalNumber
{
    /// <summary>Of a number that is added to, and of the greatest sum.</summary>
    public const int CharsMax = 320;

    /// <summary>Digits behind the point, as Redis writes them; no zeros at the end.</summary>
    private const string _decimalForm = "0.#################";

    public static bool IsOne(ReadOnlySpan<byte> text)
    {
        if (text.Length is 0 or > CharsMax)
        {
            return false;
        }

        text = text[0] is (byte)'+' or (byte)'-' ? text[1..] : text;
        int whole = Digits(ref text);
        int part = 0;
        if (text.Length > 0 && text[0] == '.')
        {
            text = text[1..];
            part = Digits(ref text);
        }

        if (whole + part > 0 && text.Length > 1 && text[0] is (byte)'e' or (byte)'E')
        {
            text = text[1] is (byte)'+' or (byte)'-' ? text[2..] : text[1..];
            return Digits(ref text) > 0 && text.Length == 0;
        }

        return whole + part > 0 && text.Length == 0;
    }

    /// <summary>Of two that are numbers. Null: the sum is none.</summary>
    public static byte[]? Add(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        CultureInfo plain = CultureInfo.InvariantCulture;
        if (decimal.TryParse(one, NumberStyles.Float, plain, out decimal a)
            && decimal.TryParse(other, NumberStyles.Float, plain, out decimal b))
        {
            try
            {
                return Encoding.ASCII.GetBytes((a + b).ToString(_decimalForm, plain));
            }
            catch (OverflowException)
            {
                // Beyond 28 digits: in binary, below.
            }
        }

        double sum = double.Parse(one, NumberStyles.Float, plain) + double.Parse(other, NumberStyles.Float, plain);
        return double.IsFinite(sum) ? Encoding.ASCII.GetBytes(sum.ToString("F0", plain)) : null;
    }

    private static int Digits(ref ReadOnlySpan<byte> text)
    {
        int count = text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        count = count < 0 ? text.Length : count;
        text = text[count..];
        return count;
    }
}
