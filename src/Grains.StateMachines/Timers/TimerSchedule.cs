namespace Grains.StateMachines.Timers;

/// <summary>
/// The first time after <paramref name="afterMs"/> (ms since 1970) that a cron expression names, in a time zone; null =
/// UTC. A pure function: it is given, because time zones and cron are no business of the rules.
/// </summary>
/// <returns>ms since 1970; <see cref="TimerTimes.Never"/>, or <see cref="TimerTimes.NotKnown"/>.</returns>
public delegate long TimerSchedule(string cron, string? zone, long afterMs);

/// <summary>What a schedule says where it names no time.</summary>
public static class TimerTimes
{
    /// <summary>There is no such time.</summary>
    public const long Never = 0;

    /// <summary>This server cannot read the expression, or does not know the zone.</summary>
    public const long NotKnown = -1;

    /// <summary>Knows no expression: for machines that only replay.</summary>
    public static long Unknown(string cron, string? zone, long afterMs) => NotKnown;
}
