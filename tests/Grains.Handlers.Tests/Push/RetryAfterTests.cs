using System.Net;
using Grains.Handlers.Push;
using Grains.Handlers.Runs;
using Grains.Operations.Declarations;
using Grains.StateMachines.Ids;

namespace Grains.Handlers.Tests.Push;

/// <summary>Every form of Retry-After, and what none of them may do to a node.</summary>
public sealed class RetryAfterTests
{
    private const long _never = long.MaxValue / 1_000 * 1_000;
    private static readonly DateTimeOffset _now = new(2026, 11, 6, 8, 49, 30, TimeSpan.Zero);

    [Theory]
    [InlineData("0", 0)]
    [InlineData("5", 5_000)]
    [InlineData(" 120\t", 120_000)]
    [InlineData("007", 7_000)]
    [InlineData("2147483648", 2_147_483_648_000)]
    [InlineData("9223372036854775807", _never)]
    [InlineData("9223372036854775808", _never)]
    [InlineData("99999999999999999999999999999999999999", _never)]
    [InlineData("Fri, 06 Nov 2026 08:49:37 GMT", 7_000)]
    [InlineData("Friday, 06-Nov-26 08:49:37 GMT", 7_000)]
    [InlineData("Fri Nov  6 08:49:37 2026", 7_000)]
    [InlineData("Mon Nov 16 08:49:30 2026", 864_000_000)]
    [InlineData("Fri, 06 Nov 2026 08:49:60 GMT", 29_000)]
    [InlineData("Sun, 06 Nov 1994 08:49:37 GMT", 0)]
    [InlineData("Sunday, 06-Nov-94 08:49:37 GMT", 0)]
    [InlineData("Sun Nov  6 08:49:37 1994", 0)]
    [InlineData("Fri, 31 Dec 9999 23:59:59 GMT", 251_608_345_829_000)]
    public void What_it_asks_for_is_understood(string value, long ms) => Assert.Equal(ms, RetryAfter.MsOf(value, _now));

    [Theory]
    [InlineData("")]
    [InlineData("-5")]
    [InlineData("+5")]
    [InlineData("1.5")]
    [InlineData("1e3")]
    [InlineData("0x10")]
    [InlineData("5s")]
    [InlineData("5, 6")]
    [InlineData("5\0")]
    [InlineData("\u0665")]
    [InlineData("NaN")]
    [InlineData("soon")]
    [InlineData("Fri, 06 Nov 2026 08:49:37")]
    [InlineData("Fri, 06 Nov 2026 08:49:37 +0000")]
    [InlineData("Fri, 6 Nov 2026 08:49:37 GMT")]
    [InlineData("Fri, 31 Feb 2026 08:49:37 GMT")]
    [InlineData("Fri, 06 Nov 2026 24:49:37 GMT")]
    [InlineData("fri, 06 nov 2026 08:49:37 gmt")]
    [InlineData("Xxx, 06 Nov 2026 08:49:37 GMT")]
    [InlineData("Friday, 06-Nov-xx 08:49:37 GMT")]
    [InlineData("Fri Nov 6 08:49:37 2026")]
    [InlineData("Fri, 00 Nov 2026 08:49:37 GMT")]
    [InlineData("Fri, 06 Nov 0000 08:49:37 GMT")]
    [InlineData("2026-11-06T08:49:37Z")]
    public void What_is_none_of_its_forms_asks_for_nothing(string value) => Assert.Null(RetryAfter.MsOf(value, _now));

    [Fact]
    public void A_peer_with_a_wrong_clock_is_waited_for_as_long_as_it_means()
    {
        using HttpResponseMessage answer = Answer(503, "Fri, 06 Nov 2026 11:00:10 GMT");
        answer.Headers.TryAddWithoutValidation("Date", "Fri, 06 Nov 2026 11:00:00 GMT");
        Assert.Equal(10_000, RetryAfter.MsOf(answer, _now));
    }

    [Theory]
    [InlineData(429, "5", 5_000)]
    [InlineData(503, "5", 5_000)]
    [InlineData(503, "Fri, 06 Nov 2026 08:49:37 GMT", 7_000)]
    [InlineData(503, "0", 2_000)]
    [InlineData(429, "Sun, 06 Nov 1994 08:49:37 GMT", 2_000)]
    [InlineData(429, "3600", 3_600_000)]
    [InlineData(429, "3601", 3_600_000)]
    [InlineData(503, "99999999999999999999", 3_600_000)]
    [InlineData(409, "5", 5_000)]
    [InlineData(409, "0", 0)]
    [InlineData(409, "99999999999999999999", 12 * 3_600_000L)]
    [InlineData(409, "soon", -1)]
    public async Task It_is_later_within_bounds_and_does_not_count(int status, string value, long delayMs)
    {
        using HttpResponseMessage answer = Answer(status, value);
        var later = Assert.IsType<HandlerOutcome.Later>(await PushAnswer.ReadAsync(answer, Service(), _now, default));
        Assert.Equal(delayMs, later.DelayMs ?? -1);
    }

    [Fact]
    public async Task Who_backs_off_for_longer_may_be_asked_to_wait_as_long()
    {
        using HttpResponseMessage answer = Answer(503, "99999999999");
        var later = (HandlerOutcome.Later)await PushAnswer.ReadAsync(
            answer, Service() with { MaxBackoffMs = 7_200_000 }, _now, default);
        Assert.Equal(7_200_000, later.DelayMs);
    }

    [Theory]
    [InlineData(429, null)]
    [InlineData(503, null)]
    [InlineData(503, "-5")]
    [InlineData(429, "soon")]
    [InlineData(500, "5")]
    [InlineData(502, "5")]
    [InlineData(301, "5")]
    public async Task Without_it_or_with_another_status_the_attempt_failed(int status, string? value)
    {
        using HttpResponseMessage answer = Answer(status, value);
        Assert.IsType<HandlerOutcome.Failed>(await PushAnswer.ReadAsync(answer, Service(), _now, default));
    }

    private static HttpResponseMessage Answer(int status, string? retryAfter)
    {
        var answer = new HttpResponseMessage((HttpStatusCode)status) { Content = new ByteArrayContent([]) };
        if (retryAfter is not null)
        {
            answer.Headers.TryAddWithoutValidation("Retry-After", retryAfter);
        }

        return answer;
    }

    private static ServiceSnapshot Service() => new()
    {
        Name = "greeter",
        Id = new ServiceId(1),
        Attempts = 5,
        BackoffMs = 2_000,
        MaxBackoffMs = 60_000,
        LeaseMs = 30_000,
        MailboxLimit = 10,
    };
}
