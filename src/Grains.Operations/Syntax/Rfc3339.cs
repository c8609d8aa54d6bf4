using System.Globalization;
using Grains.StateMachines.Codecs;

namespace Grains.Operations.Syntax;

/// <summary>
/// RFC 3339, 5.6, in full: any number of digits of a second, small letters, and the leap second. Instants are ms since
/// 1970; a fraction of one is cut off.
/// </summary>
public static class Rfc3339
{
    private const int _dateChars = 10;
    private const int _timeChars = 8;
    private const int _offsetChars = 6;

    /// <summary>Far more than any clock tells, and few enough to be nobody's memory.</summary>
    private const int _charsMax = 64;

    /// <summary>UTC, in milliseconds.</summary>
    public static string Write(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms)
        .ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public static bool TryParse(ReadOnlySpan<char> text, out long ms)
    {
        ms = 0;
        if (text.Length is <= _dateChars + 1 + _timeChars or > _charsMax
            || text[_dateChars] is not ('T' or 't')
            || !TryDate(text[.._dateChars], out DateTime day)
            || !TryTime(text.Slice(_dateChars + 1, _timeChars), out int minutes, out int seconds))
        {
            return false;
        }

        ReadOnlySpan<char> rest = text[(_dateChars + 1 + _timeChars)..];
        return TryFraction(ref rest, out int fractionMs)
            && TryOffset(rest, out int offsetMinutes)
            && TryJoin(day, minutes - offsetMinutes, seconds, fractionMs, out ms);
    }

    private static bool TryDate(ReadOnlySpan<char> text, out DateTime day)
    {
        day = default;
        if (text[4] != '-' || text[7] != '-'
            || !TryField(text[..4], 1, 9999, out int year)
            || !TryField(text[5..7], 1, 12, out int month)
            || !TryField(text[8..], 1, DateTime.DaysInMonth(year, month), out int date))
        {
            return false;
        }

        day = new DateTime(year, month, date, 0, 0, 0, DateTimeKind.Utc);
        return true;
    }

    private static bool TryTime(ReadOnlySpan<char> text, out int minutes, out int seconds)
    {
        minutes = seconds = 0;
        if (text[2] != ':' || text[5] != ':'
            || !TryField(text[..2], 0, 23, out int hour)
            || !TryField(text[3..5], 0, 59, out int minute)
            || !TryField(text[6..], 0, 60, out seconds))
        {
            return false;
        }

        minutes = (hour * 60) + minute;
        return true;
    }

    /// <summary>A dot and digits, or nothing.</summary>
    private static bool TryFraction(ref ReadOnlySpan<char> rest, out int ms)
    {
        ms = 0;
        if (rest.Length == 0 || rest[0] != '.')
        {
            return true;
        }

        int digits = rest[1..].IndexOfAnyExceptInRange('0', '9');
        if (digits < 1)
        {
            return false;
        }

        for (int i = 0; i < 3; i++)
        {
            ms = (ms * 10) + (i < digits ? rest[1 + i] - '0' : 0);
        }

        rest = rest[(1 + digits)..];
        return true;
    }

    private static bool TryOffset(ReadOnlySpan<char> text, out int minutes)
    {
        minutes = 0;
        if (text is "Z" or "z")
        {
            return true;
        }

        if (text.Length != _offsetChars || text[0] is not ('+' or '-') || text[3] != ':'
            || !TryField(text[1..3], 0, 23, out int hour)
            || !TryField(text[4..], 0, 59, out int minute))
        {
            return false;
        }

        minutes = ((hour * 60) + minute) * (text[0] == '-' ? -1 : 1);
        return true;
    }

    /// <summary>
    /// A leap second is the last of a day of UTC; nothing here counts it, so it is the instant that follows.
    /// </summary>
    private static bool TryJoin(DateTime day, int minutes, int seconds, int fractionMs, out long ms)
    {
        const int minutesOfDay = 24 * 60;
        bool isLeap = seconds == 60;
        ms = new DateTimeOffset(day).ToUnixTimeMilliseconds() + ((long)minutes * 60_000) + (seconds * 1_000)
            + (isLeap ? 0 : fractionMs);
        return !isLeap || (minutes + minutesOfDay) % minutesOfDay == minutesOfDay - 1;
    }

    private static bool TryField(ReadOnlySpan<char> text, int min, int max, out int value)
    {
        bool fits = WholeNumber.TryParseDigits(text, out long wide) && wide >= min && wide <= max;
        value = fits ? (int)wide : 0;
        return fits;
    }
}
