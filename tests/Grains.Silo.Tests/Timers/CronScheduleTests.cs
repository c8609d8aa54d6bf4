using System.Globalization;
using Grains.Silo.Timers;
using Grains.StateMachines.Timers;

namespace Grains.Silo.Tests.Timers;

public sealed class CronScheduleTests
{
    [Theory]
    [InlineData("*/5 * * * *", null, "2026-03-01T10:02:30Z", "2026-03-01T10:05:00Z")]
    [InlineData("* * * * *", null, "2026-03-01T10:05:00Z", "2026-03-01T10:06:00Z")]
    [InlineData("*/10 * * * * *", null, "2026-03-01T10:05:01Z", "2026-03-01T10:05:10Z")]
    [InlineData("@hourly", null, "2026-03-01T10:05:01Z", "2026-03-01T11:00:00Z")]
    [InlineData("0 0 29 2 *", null, "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z")]
    [InlineData("30 6 * * MON-FRI", "Europe/Berlin", "2026-07-03T12:00:00Z", "2026-07-06T04:30:00Z")]
    [InlineData("30 6 * * *", "America/New_York", "2026-01-01T00:00:00Z", "2026-01-01T11:30:00Z")]
    public void A_schedule_names_the_first_time_after_another(string cron, string? zone, string after, string next) =>
        Assert.Equal(Ms(next), CronSchedule.Next(cron, zone, Ms(after)));

    [Fact]
    public void A_time_that_the_change_of_clocks_leaves_out_fires_at_the_change()
    {
        // In Berlin 02:30 of 29 March 2026 does not exist: at 02:00 it is 03:00, which is 01:00 UTC.
        Assert.Equal(Ms("2026-03-29T01:00:00Z"), CronSchedule.Next("30 2 * * *", "Europe/Berlin", Ms("2026-03-28T12:00:00Z")));
        Assert.Equal(Ms("2026-03-30T00:30:00Z"), CronSchedule.Next("30 2 * * *", "Europe/Berlin", Ms("2026-03-29T01:00:00Z")));
    }

    [Fact]
    public void A_time_that_the_change_of_clocks_brings_twice_fires_once_and_an_interval_goes_on()
    {
        // In Berlin 02:30 of 25 October 2026 comes at 00:30 and at 01:30 UTC.
        Assert.Equal(Ms("2026-10-25T00:30:00Z"), CronSchedule.Next("30 2 * * *", "Europe/Berlin", Ms("2026-10-24T12:00:00Z")));
        Assert.Equal(Ms("2026-10-26T01:30:00Z"), CronSchedule.Next("30 2 * * *", "Europe/Berlin", Ms("2026-10-25T00:30:00Z")));
        Assert.Equal(Ms("2026-10-25T01:00:00Z"), CronSchedule.Next("*/30 * * * *", "Europe/Berlin", Ms("2026-10-25T00:30:00Z")));
    }

    [Theory]
    [InlineData("0 0 30 2 *", null, TimerTimes.Never, "names no time that will ever come")]
    [InlineData("60 * * * *", null, TimerTimes.NotKnown, "'60 * * * *' is no cron expression")]
    [InlineData("", null, TimerTimes.NotKnown, "is no cron expression")]
    [InlineData("* * * * *", "Mars/Olympus", TimerTimes.NotKnown, "'Mars/Olympus' is no time zone")]
    [InlineData("* * * * *", "Europe", TimerTimes.NotKnown, "'Europe' is no time zone")]
    [InlineData("H * * * *", null, TimerTimes.NotKnown, "'H * * * *' is no cron expression")]
    [InlineData("* * * * *", "", TimerTimes.NotKnown, "'' is no time zone")]
    [InlineData("* * * * *", "../../etc/passwd", TimerTimes.NotKnown, "is no time zone")]
    public void What_names_no_time_is_said_in_words(string cron, string? zone, long next, string why)
    {
        Assert.Equal(next, CronSchedule.Next(cron, zone, Ms("2026-03-01T10:00:00Z")));
        Assert.Contains(why, CronSchedule.Refuse(cron, zone, Ms("2026-03-01T10:00:00Z")), StringComparison.Ordinal);
    }

    private static long Ms(string time) =>
        DateTimeOffset.Parse(time, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();
}
