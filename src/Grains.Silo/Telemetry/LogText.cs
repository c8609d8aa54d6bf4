using System.Globalization;
using System.Text;

namespace Grains.Silo.Telemetry;

/// <summary>
/// Text of the outside as a log may carry it: one line, without anything that a terminal or a reader of logs would act
/// on, and of bounded length. Line and paragraph separators, controls (escape sequences of terminals begin with one),
/// what turns the direction of text, what is not seen, and halves of surrogate pairs are written as <c>\u2028</c>.
/// </summary>
public static class LogText
{
    /// <summary>Of one name, path or header.</summary>
    public const int NameCharsMax = 200;

    /// <param name="charsMax">Of the text; what is cut off is counted at its end.</param>
    public static string Of(string? text, int charsMax = NameCharsMax)
    {
        if (text is null || (text.Length <= charsMax && IsPlain(text)))
        {
            return text ?? "";
        }

        var line = new StringBuilder(text.Length);
        Append(line, text, charsMax);
        return line.ToString();
    }

    /// <summary>The same, behind what is there already.</summary>
    public static void Append(StringBuilder line, ReadOnlySpan<char> text, int charsMax)
    {
        int cut = Math.Max(0, text.Length - charsMax);
        ReadOnlySpan<char> rest = text[..(text.Length - cut)];
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(rest, out Rune rune, out int taken) != System.Buffers.OperationStatus.Done)
            {
                line.Append(CultureInfo.InvariantCulture, $"\\u{(int)rest[0]:x4}");
            }
            else if (IsPlain(rune))
            {
                line.Append(rest[..taken]);
            }
            else
            {
                line.Append(CultureInfo.InvariantCulture, $"{(rune.IsBmp ? "\\u" : "\\U000")}{rune.Value:x4}");
            }

            rest = rest[taken..];
        }

        if (cut > 0)
        {
            line.Append(CultureInfo.InvariantCulture, $"... ({cut} more)");
        }
    }

    private static bool IsPlain(string text) => text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0;

    private static bool IsPlain(Rune rune) => rune.IsAscii ? rune.Value is >= ' ' and <= '~'
        : Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate
            or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
}
