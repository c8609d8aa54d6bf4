namespace Grains.StateMachines.Codecs;

/// <summary>
/// Whole numbers as text, by one grammar: ASCII digits and nothing else. The parsers of the platform take more: NUL at
/// the end of a number, <c>NaN</c> where a style says digits only, signs and blanks where none says anything.
/// </summary>
public static class WholeNumber
{
    /// <summary>Digits of <see cref="long.MaxValue"/>.</summary>
    private const int _digitsMax = 19;

    /// <summary><c>0</c>, or digits that do not begin with <c>0</c>: each number has one form.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, long max, out long value)
    {
        value = 0;
        if (text.Length is 0 or > _digitsMax || (text.Length > 1 && text[0] == '0') || !AreDigits(text)
            || Read(text) > (ulong)max)
        {
            return false;
        }

        value = (long)Read(text);
        return true;
    }

    /// <inheritdoc cref="TryParse(ReadOnlySpan{char}, long, out long)"/>
    public static bool TryParse(ReadOnlySpan<char> text, int max, out int value)
    {
        bool fits = TryParse(text, (long)max, out long wide);
        value = fits ? (int)wide : 0;
        return fits;
    }

    /// <summary>
    /// One digit or more, zeros before them too, as HTTP writes lengths and seconds; what no number holds is the
    /// greatest.
    /// </summary>
    public static bool TryParseDigits(ReadOnlySpan<char> text, out long value)
    {
        value = 0;
        if (text.Length == 0 || !AreDigits(text))
        {
            return false;
        }

        ReadOnlySpan<char> digits = text.TrimStart('0');
        value = digits.Length > _digitsMax ? long.MaxValue : (long)Math.Min(Read(digits), long.MaxValue);
        return true;
    }

    /// <exception cref="FormatException">It is none, or above <paramref name="max"/>.</exception>
    public static long Parse(ReadOnlySpan<char> text, long max = long.MaxValue) => TryParse(text, max, out long value)
        ? value
        : throw new FormatException($"'{text}' is not a whole number up to {max}.");

    private static bool AreDigits(ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange('0', '9');

    /// <summary>So many digits fit.</summary>
    private static ulong Read(ReadOnlySpan<char> digits)
    {
        ulong value = 0;
        foreach (char digit in digits)
        {
            value = (value * 10) + (uint)(digit - '0');
        }

        return value;
    }
}
