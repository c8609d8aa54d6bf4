using Cronos;
using Grains.StateMachines.Timers;

namespace Grains.Silo.Timers;

/// <summary>
/// Cron as Cronos reads it: five fields (minute, hour, day of month, month, day of week), six with seconds first, or
/// @hourly and its like. Where clocks change, a time that is left out fires at the change, and one that comes twice
/// fires once, but for intervals ("*/5").
/// </summary>
public static class CronSchedule
{
    private const int _fieldsWithSeconds = 6;
    private static readonly char[] _blanks = [' ', '\t'];

    /// <summary>See <see cref="TimerSchedule"/>.</summary>
    public static long Next(string cron, string? zone, long afterMs)
    {
        try
        {
            return TimeZones.Find(zone) is not { } rules
                ? TimerTimes.NotKnown
                : Parse(cron).GetNextOccurrence(
                    DateTimeOffset.FromUnixTimeMilliseconds(afterMs), rules)?.ToUnixTimeMilliseconds()
                    ?? TimerTimes.Never;
        }
        catch (Exception)
        {
            // Users give it: whatever the library says to it (a letter that needs a seed, a year beyond its last), it
            // is not for the partition's loop to end of.
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

        if (zone is not null && !TimeZones.IsCanonical(zone))
        {
            return $"'{zone}' is no time zone that a timer may name; give the canonical name of the IANA database, "
                + "as it is written there, such as Europe/Berlin or Etc/UTC.";
        }

        return Next(cron, zone, nowMs) switch
        {
            TimerTimes.NotKnown => $"this server has no rules of time zone '{zone}'; install or update its tzdata.",
            TimerTimes.Never => $"'{cron}' names no time that will ever come.",
            _ => null,
        };
    }

    private static CronExpression Parse(string cron) => CronExpression.Parse(
        cron,
        cron.Split(_blanks, StringSplitOptions.RemoveEmptyEntries).Length == _fieldsWithSeconds
            ? CronFormat.IncludeSeconds
            : CronFormat.Standard);
}
