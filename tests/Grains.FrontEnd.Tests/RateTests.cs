using System.Net;
using Grains.Operations.Rates;
using Grains.FrontEnd.Tests.World;
using Grains.Operations.Access;

namespace Grains.FrontEnd.Tests;

public sealed class RateTests
{
    private const string _key = "reader-key-0123456789";

    [Fact]
    public async Task Who_guesses_keys_is_slowed_down_and_the_right_key_is_taken_all_the_same()
    {
        await using FrontEndServer server = await StartAsync();
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal("401 unauthenticated", (await AskAsync(server, $"Bearer guess-{i}-0123456789")).Refusal);
        }

        foreach (string guess in new[]
        {
            "Bearer guess-again-0123456789", "Basic dTpw", "Bearer " + new string('x', 5_000)
        })
        {
            Reply limited = await AskAsync(server, guess);
            Assert.Equal("429 rate-limited", limited.Refusal);
            Assert.InRange(int.Parse(limited.Headers["Retry-After"], null), 1, 6);
        }

        Assert.Equal(200, (await AskAsync(server, "Bearer " + _key)).Status);
    }

    [Fact]
    public async Task Who_shows_no_key_has_guessed_none()
    {
        await using FrontEndServer server = await StartAsync();
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal("401 unauthenticated", (await server.SendAsync("GET", "/v1/services")).Refusal);
        }
    }

    [Fact]
    public async Task A_key_that_asks_more_often_than_it_may_is_told_when_to_come_again_and_others_are_not()
    {
        await using FrontEndServer server = await StartAsync(perSecond: 3);
        Reply[] replies = new Reply[20];
        for (int i = 0; i < replies.Length; i++)
        {
            // However a scheme is written, the key is the same.
            replies[i] = await AskAsync(server, (i % 2 == 0 ? "Bearer " : "bEARER ") + _key);
        }

        Assert.Contains(replies, r => r.Refusal == "429 rate-limited" && r.Headers["Retry-After"] == "1");
        Assert.Equal(200, (await AskAsync(server, "Bearer other-key-0123456789")).Status);
        Assert.Equal(200, (await server.SendAsync("GET", "/healthz")).Status);
    }

    [Fact]
    public void A_bucket_gives_its_burst_and_then_its_rate()
    {
        var time = new Clock();
        var table = new RateTable<int>(new Rate(PerSecond: 2, Burst: 3), 100, time);
        Assert.Equal([0, 0, 0, 500], Enumerable.Range(0, 4).Select(_ => (int)table.Take(1).TotalMilliseconds));
        Assert.Equal(TimeSpan.Zero, table.Take(2));
        time.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal([0, 500], Enumerable.Range(0, 2).Select(_ => (int)table.Take(1).TotalMilliseconds));
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal([0, 0, 0, 500], Enumerable.Range(0, 4).Select(_ => (int)table.Take(1).TotalMilliseconds));
    }

    [Fact]
    public void However_many_come_the_table_is_bounded_and_who_was_seen_last_is_remembered()
    {
        var time = new Clock();
        var table = new RateTable<int>(new Rate(PerSecond: 0.001, Burst: 1), 100, time);
        for (int i = 0; i < 10_000; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Equal(TimeSpan.Zero, table.Take(i));
            Assert.InRange(table.Count, 1, 100);
        }

        Assert.NotEqual(TimeSpan.Zero, table.Take(9_999));
        Assert.Equal(TimeSpan.Zero, table.Take(0));
        time.Advance(TimeSpan.FromDays(1));
        table.Take(20_000);
        Assert.Equal(1, table.Count);
    }

    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1", true)]
    [InlineData("10.0.0.1", "10.0.0.2", false)]
    [InlineData("::ffff:10.0.0.1", "10.0.0.1", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    public void An_address_is_one_caller_and_of_IPv6_its_64(string one, string other, bool areOne) =>
        Assert.Equal(areOne, CallerGroup.Of(IPAddress.Parse(one)) == CallerGroup.Of(IPAddress.Parse(other)));

    private static async Task<FrontEndServer> StartAsync(int? perSecond = null)
    {
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, $"r read {_key}\no read other-key-0123456789\n");
            return await FrontEndServer.StartAsync(
                configure: o => o.RequestsPerSecondMax = perSecond, keysFile: file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static Task<Reply> AskAsync(FrontEndServer server, string authorization) =>
        server.SendAsync("GET", "/v1/services", headers: ("Authorization", authorization));

    private sealed class Clock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }
}
