using System.Globalization;
using Grains.StateMachines.Codecs;

namespace Grains.Handlers.Push;

/// <summary>
/// The header <c>Retry-After</c> as RFC 9110 (10.2.3, 5.6.7) writes it: seconds, or a date in one of three forms. What
/// is neither is as if it were not there.
/// </summary>
internal static class RetryAfter
{
    private static readonly string[] _months =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

    private static readonly string[] _days =
    [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"
    ];

    /// <summary>How long the peer asks to wait, 0 for a date that has passed; null = it names no time.</summary>
    public static long? MsOf(HttpResponseMessage response, DateTimeOffset now)
    {
        long? longest = null;
        foreach (string value in Values(response, "Retry-After"))
        {
            // By the peer's own clock, where it tells it: a wrong one would make the wait another.
            DateTimeOffset from = Values(response, "Date").Select(d => DateOf(d, now))
                .FirstOrDefault(d => d is not null) ?? now;
            longest = MsOf(value, from) is { } ms ? Math.Max(ms, longest ?? 0) : longest;
        }

        return longest;
    }

    /// <inheritdoc cref="MsOf(HttpResponseMessage, DateTimeOffset)"/>
    public static long? MsOf(string value, DateTimeOffset now)
    {
        string text = value.Trim(' ', '\t');
        if (WholeNumber.TryParseDigits(text, out long seconds))
        {
            // More than any clock holds is a long time all the same.
            return Math.Min(seconds, long.MaxValue / 1_000) * 1_000;
        }

        return DateOf(text, now) is { } date ? Math.Max(0, (long)Math.Ceiling((date - now).TotalMilliseconds)) : null;
    }

    /// <param name="text">IMF-fixdate, or what older servers write: RFC 850's, or that of C's asctime.</param>
    /// <param name="now">Tells the century of a year of two digits.</param>
    public static DateTimeOffset? DateOf(string text, DateTimeOffset now)
    {
        string[] words = text.Split(' ');
        return words switch
        {
            [var day, var d, var month, { Length: 4 } year, var time, "GMT"] when IsDay(day, ",", isShort: true)
                && d.Length == 2 =>
                Date(year, month, d, time),
            [var day, { Length: 9 } date, var time, "GMT"] when IsDay(day, ",", isShort: false) && date[2] == '-'
                && date[6] == '-' =>
                Century(date, time, now),
            [var day, var month, { Length: 2 } d, var time, { Length: 4 } year] when IsDay(day, "", isShort: true) =>
                Date(year, month, d, time),
            [var day, var month, "", { Length: 1 } d, var time, { Length: 4 } year]
                when IsDay(day, "", isShort: true) =>
                Date(year, month, "0" + d, time),
            _ => null,
        };
    }

    private static IEnumerable<string> Values(HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) ? values : [];

    private static bool IsDay(string word, string end, bool isShort) =>
        Array.Exists(_days, d => word == (isShort ? d[..3] : d) + end);

    /// <summary>More than fifty years ahead is meant as the last year that ended so.</summary>
    private static DateTimeOffset? Century(string date, string time, DateTimeOffset now)
    {
        if (Number(date[7..]) is not { } digits)
        {
            return null;
        }

        int year = (now.Year / 100 * 100) + digits;
        DateTimeOffset? found = Date(Text(year), date[3..6], date[..2], time);
        return found > now.AddYears(50) ? Date(Text(year - 100), date[3..6], date[..2], time) : found;

        static string Text(int number) => number.ToString("D4", CultureInfo.InvariantCulture);
    }

    private static DateTimeOffset? Date(string year, string month, string day, string time)
    {
        int m = Array.IndexOf(_months, month) + 1;
        if (m == 0 || Number(year) is not (> 0 and var y) || Number(day) is not (> 0 and var d)
            || d > DateTime.DaysInMonth(y, m)
            || time.Length != 8 || time[2] != ':' || time[5] != ':'
            || Number(time[..2]) is not (<= 23 and var h) || Number(time[3..5]) is not (<= 59 and var min)
            || Number(time[6..]) is not (<= 60 and var s))
        {
            return null;
        }

        return new DateTimeOffset(y, m, d, h, min, Math.Min(s, 59), TimeSpan.Zero);
    }

    private static int? Number(string digits) =>
        WholeNumber.TryParseDigits(digits, out long value) && value <= int.MaxValue ? (int)value : null;
}
