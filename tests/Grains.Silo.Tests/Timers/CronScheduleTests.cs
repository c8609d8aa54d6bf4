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
        Assert.Equal(
            Ms("2026-03-29T01:00:00Z"), CronSchedule.Next("30 2 * * *", "Europe/Berlin", Ms("2026-03-28T12:00:00Z")));
        Assert.Equal(
            Ms("2026-03-30T00:30:00Z"), CronSchedule.Next("30 2 * * *", "Europe/Berlin", Ms("2026-03-29T01:00:00Z")));
    }

    [Fact]
    public void A_time_that_the_change_of_clocks_brings_twice_fires_once_and_an_interval_goes_on()
    {
        // In Berlin 02:30 of 25 October 2026 comes at 00:30 and at 01:30 UTC.
        Assert.Equal(
            Ms("2026-10-25T00:30:00Z"), CronSchedule.Next("30 2 * * *", "Europe/Berlin", Ms("2026-10-24T12:00:00Z")));
        Assert.Equal(
            Ms("2026-10-26T01:30:00Z"), CronSchedule.Next("30 2 * * *", "Europe/Berlin", Ms("2026-10-25T00:30:00Z")));
        Assert.Equal(
            Ms("2026-10-25T01:00:00Z"), CronSchedule.Next("*/30 * * * *", "Europe/Berlin", Ms("2026-10-25T00:30:00Z")));
    }

    [Theory]
    [InlineData("0\t0\t9\t*\t*\t*", "2026-03-02T09:00:00Z")]
    [InlineData(" 0  9\t* * * ", "2026-03-02T09:00:00Z")]
    [InlineData("30 0 9\t*\t* *", "2026-03-02T09:00:30Z")]
    [InlineData("@daily", "2026-03-02T00:00:00Z")]
    [InlineData("@midnight", "2026-03-02T00:00:00Z")]
    [InlineData("@every_second", "2026-03-01T10:00:01Z")]
    [InlineData("@every_minute", "2026-03-01T10:01:00Z")]
    [InlineData("@weekly", "2026-03-08T00:00:00Z")]
    [InlineData("@monthly", "2026-04-01T00:00:00Z")]
    [InlineData("@yearly", "2027-01-01T00:00:00Z")]
    [InlineData("@annually", "2027-01-01T00:00:00Z")]
    [InlineData("0 9 ? * 7", "2026-03-08T09:00:00Z")]
    [InlineData("0 9 * * 0", "2026-03-08T09:00:00Z")]
    [InlineData("0 9 * * sun", "2026-03-08T09:00:00Z")]
    [InlineData("0 9 * * FRI-MON", "2026-03-02T09:00:00Z")]
    [InlineData("0 22-2 * * *", "2026-03-01T22:00:00Z")]
    [InlineData("0 9 L * *", "2026-03-31T09:00:00Z")]
    [InlineData("0 9 L-2 * *", "2026-03-29T09:00:00Z")]
    [InlineData("0 9 LW * *", "2026-03-31T09:00:00Z")]
    [InlineData("0 9 15W * *", "2026-03-16T09:00:00Z")]
    [InlineData("0 9 * * 5L", "2026-03-27T09:00:00Z")]
    [InlineData("0 9 * * TUE#2", "2026-03-10T09:00:00Z")]
    [InlineData("0 9 13 * FRI", "2026-03-13T09:00:00Z")]
    [InlineData("5/20 9 * JAN,mar *", "2026-03-02T09:05:00Z")]
    [InlineData("0 0 29 2 MON", "2044-02-29T00:00:00Z")]
    public void What_is_accepted_is_what_the_documents_say(string cron, string next)
    {
        Assert.Null(CronSchedule.Refuse(cron, null, Ms("2026-03-01T10:00:00Z")));
        Assert.Equal(Ms(next), CronSchedule.Next(cron, null, Ms("2026-03-01T10:00:00Z")));
    }

    [Theory]
    [InlineData("UTC")]
    [InlineData("Etc/UTC")]
    [InlineData("Etc/GMT+12")]
    [InlineData("Etc/GMT-14")]
    [InlineData("Asia/Kolkata")]
    [InlineData("America/Argentina/Buenos_Aires")]
    [InlineData("America/Port-au-Prince")]
    [InlineData("Europe/Berlin")]
    [InlineData("Europe/Oslo")]
    public void A_zone_is_known_by_its_canonical_name(string zone) =>
        Assert.Null(CronSchedule.Refuse("0 9 * * *", zone, Ms("2026-03-01T10:00:00Z")));

    [Theory]
    [InlineData("europe/berlin")]
    [InlineData("EUROPE/BERLIN")]
    [InlineData("Europe/Berlin ")]
    [InlineData("Europe//Berlin")]
    [InlineData("./Europe/Berlin")]
    [InlineData("/usr/share/zoneinfo/Europe/Berlin")]
    [InlineData("right/Europe/Berlin")]
    [InlineData("posix/Europe/Berlin")]
    [InlineData("W. Europe Standard Time")]
    [InlineData("US/Eastern")]
    [InlineData("Asia/Calcutta")]
    [InlineData("utc")]
    [InlineData("Z")]
    [InlineData("GMT")]
    [InlineData("EST5EDT")]
    [InlineData("Etc/GMT+13")]
    [InlineData("Etc/GMT+0")]
    [InlineData("Local")]
    [InlineData("localtime")]
    [InlineData("Factory")]
    [InlineData("+01:00")]
    public void No_other_name_is_a_zone_whatever_was_looked_up_before(string zone)
    {
        string? before = CronSchedule.Refuse("0 9 * * *", zone, Ms("2026-03-01T10:00:00Z"));
        CronSchedule.Next("0 9 * * *", "Europe/Berlin", Ms("2026-03-01T10:00:00Z"));
        CronSchedule.Next("0 9 * * *", zone, Ms("2026-03-01T10:00:00Z"));
        string? after = CronSchedule.Refuse("0 9 * * *", zone, Ms("2026-03-01T10:00:00Z"));
        Assert.Contains("is no time zone that a timer may name", before, StringComparison.Ordinal);
        Assert.Equal(before, after);
    }

    [Fact]
    public void A_timer_of_an_older_version_is_read_as_it_was_but_not_in_another_case()
    {
        Assert.Equal(
            Ms("2026-03-02T08:00:00Z"), CronSchedule.Next("0 9 * * *", "Europe/Berlin", Ms("2026-03-01T10:00:00Z")));
        Assert.Equal(TimerTimes.NotKnown, CronSchedule.Next("0 9 * * *", "europe/berlin", Ms("2026-03-01T10:00:00Z")));
        for (int i = 0; i < 1_000; i++)
        {
            Assert.Equal(
                TimerTimes.NotKnown, CronSchedule.Next("0 9 * * *", $"Europe/Nowhere{i}", Ms("2026-03-01T10:00:00Z")));
        }
    }

    [Fact]
    public void Far_from_now_a_schedule_says_never_or_not_known_and_throws_nothing()
    {
        foreach (long atMs in new[] { 0, Ms("2499-12-31T23:59:59Z"), Ms("9999-12-31T23:59:59Z"), long.MaxValue })
        {
            long next = CronSchedule.Next("0 0 1 1 *", "Europe/Berlin", atMs);
            Assert.True(next is TimerTimes.Never or TimerTimes.NotKnown || next > atMs, $"{next}");
        }
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
