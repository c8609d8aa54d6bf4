using Cronos;
using Grains.StateMachines.Timers;

namespace Grains.Silo.Timers;

/// <summary>
/// Cron as Cronos reads it: five fields (minute, hour, day of month, month, day of week), six with seconds first, or
/// @hourly and its like. Where clocks change, a time that is left out fires at the change, and one that comes twice fires once,
/// but for intervals ("*/5").
/// </summary>
public static class CronSchedule
{
    private const int _fieldsWithSeconds = 6;

    /// <summary>See <see cref="TimerSchedule"/>.</summary>
    public static long Next(string cron, string? zone, long afterMs)
    {
        try
        {
            DateTimeOffset after = DateTimeOffset.FromUnixTimeMilliseconds(afterMs);
            DateTimeOffset? next = Parse(cron).GetNextOccurrence(after, Zone(zone));
            return next?.ToUnixTimeMilliseconds() ?? TimerTimes.Never;
        }
        catch (Exception)
        {
            // Users give both: whatever the library or the system says to them (a zone that is a folder, a letter that
            // needs a seed), it is not for the partition's loop to end of.
            return TimerTimes.NotKnown;
        }
    }

    /// <summary>What is wrong with an expression or a zone, in words; null = nothing.</summary>
    public static string? Refuse(string cron, string? zone, long nowMs)
    {
        try
        {
            Parse(cron);
        }
        catch (Exception e)
        {
            return $"'{cron}' is no cron expression of five or six fields: {e.Message}";
        }

        return Next(cron, zone, nowMs) switch
        {
            TimerTimes.NotKnown => $"'{zone}' is no time zone that this server knows; give an IANA name such as Europe/Berlin.",
            TimerTimes.Never => $"'{cron}' names no time that will ever come.",
            _ => null,
        };
    }

    private static CronExpression Parse(string cron) => CronExpression.Parse(
        cron,
        cron.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length == _fieldsWithSeconds
            ? CronFormat.IncludeSeconds
            : CronFormat.Standard);

    private static TimeZoneInfo Zone(string? zone) => zone is null ? TimeZoneInfo.Utc : TimeZoneInfo.FindSystemTimeZoneById(zone);
}
