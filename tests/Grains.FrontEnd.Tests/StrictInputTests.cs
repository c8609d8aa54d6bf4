using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Tests.World;
using Grains.Operations.Syntax;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Tests;

/// <summary>Each kind of number and time has one grammar, wherever it stands.</summary>
public sealed class StrictInputTests
{
    /// <summary>Where a number belongs, none of these is one.</summary>
    public static TheoryData<string> NoNumbers =>
    [
        "", " 1", "1 ", "+1", "-1", "1\0", "\01", "1,000", "1_000", "1.0", "1e0", "01", "0x1", "NaN", "Infinity", "∞",
        "\uff11", "\u0661", "1\n",
        "99999999999999999999", "9223372036854775808",
    ];

    [Theory, MemberData(nameof(NoNumbers))]
    public void What_is_more_than_the_digits_of_a_number_is_refused_by_every_parser(string text)
    {
        Assert.False(WholeNumber.TryParse(text, long.MaxValue, out long wide), "number");
        Assert.False(WholeNumber.TryParse(text, int.MaxValue, out int narrow), "small number");
        Assert.Equal((0, 0), (wide > 0 ? 1 : 0, narrow));
        Assert.False(Durations.TryParse(text + "s", out _), "duration");
        Assert.False(Position.TryParse($"{text}-1", out _), "partition of a position");
        Assert.False(Position.TryParse($"1-{text}", out _), "revision of a position");
        Assert.False(Position.TryParse($"1-1-{text}", out _), "incarnation of a position");
    }

    [Fact]
    public void A_number_is_its_digits_up_to_its_limit()
    {
        Assert.True(WholeNumber.TryParse("9223372036854775807", long.MaxValue, out long most));
        Assert.Equal(long.MaxValue, most);
        Assert.True(WholeNumber.TryParse("0", 0, out int none));
        Assert.Equal(0, none);
        Assert.True(WholeNumber.TryParse("41", 41, out int _));
        Assert.False(WholeNumber.TryParse("42", 41, out int _));
        Assert.True(WholeNumber.TryParseDigits("0000000000000000000000000000012", out long padded));
        Assert.Equal(12, padded);
        Assert.True(WholeNumber.TryParseDigits("99999999999999999999999", out long beyond));
        Assert.Equal(long.MaxValue, beyond);
    }

    [Theory]
    [InlineData("1970-01-01T00:00:00Z", 0)]
    [InlineData("1970-01-01t00:00:01z", 1_000)]
    [InlineData("1970-01-01T00:00:00.1Z", 100)]
    [InlineData("1970-01-01T00:00:00.12Z", 120)]
    [InlineData("1970-01-01T00:00:00.123999999999999999999999Z", 123)]
    [InlineData("1970-01-01T01:00:00.000000001+01:00", 0)]
    [InlineData("1969-12-31T23:59:00-00:01", 0)]
    [InlineData("1970-01-01T23:59:00+23:59", 0)]
    [InlineData("1970-01-01T00:00:00-00:00", 0)]
    [InlineData("2016-12-31T23:59:60Z", 1_483_228_800_000)]
    [InlineData("1990-12-31T15:59:60-08:00", 662_688_000_000)]
    [InlineData("1991-01-01T00:29:60.5+00:30", 662_688_000_000)]
    [InlineData("2000-02-29T00:00:00Z", 951_782_400_000)]
    [InlineData("9999-12-31T23:59:59.999Z", 253_402_300_799_999)]
    [InlineData("0001-01-01T00:00:00Z", -62_135_596_800_000)]
    public void A_time_of_RFC_3339_is_an_instant(string text, long ms)
    {
        Assert.True(Rfc3339.TryParse(text, out long parsed), text);
        Assert.Equal(ms, parsed);
    }

    [Theory]
    [InlineData("2030-01-31T08:00:00")]
    [InlineData("2030-01-31 08:00:00Z")]
    [InlineData("2030-01-31_08:00:00Z")]
    [InlineData("2030-01-31T08:00Z")]
    [InlineData("2030-01-31T08:00:00.Z")]
    [InlineData("2030-01-31T08:00:00,5Z")]
    [InlineData("2030-01-31T08:00:00.5")]
    [InlineData("2030-01-31T08:00:00+0100")]
    [InlineData("2030-01-31T08:00:00+01")]
    [InlineData("2030-01-31T08:00:00+24:00")]
    [InlineData("2030-01-31T08:00:00+01:60")]
    [InlineData("2030-01-31T08:00:00 01:00")]
    [InlineData("2030-01-31T08:00:00ZZ")]
    [InlineData("2030-01-31T08:00:00Z\0")]
    [InlineData(" 2030-01-31T08:00:00Z")]
    [InlineData("2030-01-31T24:00:00Z")]
    [InlineData("2030-01-31T08:60:00Z")]
    [InlineData("2030-01-31T08:00:60Z")]
    [InlineData("2030-01-31T08:00:61Z")]
    [InlineData("2030-02-29T08:00:00Z")]
    [InlineData("2030-13-01T08:00:00Z")]
    [InlineData("2030-00-01T08:00:00Z")]
    [InlineData("2030-01-00T08:00:00Z")]
    [InlineData("+2030-01-31T08:00:00Z")]
    [InlineData("12030-01-31T08:00:00Z")]
    [InlineData("2030-1-31T08:00:00Z")]
    [InlineData("0000-01-01T00:00:00Z")]
    [InlineData("2030-01-31")]
    [InlineData("\uff12030-01-31T08:00:00Z")]
    [InlineData("2030-01-31T08:00:00\uff3a")]
    [InlineData("")]
    public void What_is_no_time_of_RFC_3339_is_refused(string text) =>
        Assert.False(Rfc3339.TryParse(text, out _), text);

    [Fact]
    public void More_digits_than_any_clock_has_are_refused()
    {
        Assert.True(Rfc3339.TryParse($"2030-01-31T08:00:00.{new string('9', 43)}Z", out _));
        Assert.False(Rfc3339.TryParse($"2030-01-31T08:00:00.{new string('9', 44)}Z", out _));
    }

    [Theory]
    [InlineData("limit=1%00")]
    [InlineData("limit=01")]
    [InlineData("limit=%2B1")]
    [InlineData("limit=+1")]
    [InlineData("limit=%EF%BC%91")]
    [InlineData("values=True")]
    [InlineData("values=true%00")]
    [InlineData("read=session&at=0-1%00")]
    [InlineData("read=session&at=00-1")]
    [InlineData("read=session&at=0-1-0")]
    [InlineData("read=stale%00")]
    public async Task A_query_takes_no_more_than_the_grammar_of_its_parameters(string query)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        Assert.Equal("400 bad-parameter", (await server.SendAsync("GET", "/v1/keyspaces/ks/keys?" + query)).Refusal);
    }

    [Theory]
    [InlineData("delay=10%00s")]
    [InlineData("delay=010s")]
    [InlineData("delay=+10s")]
    [InlineData("delay=1e1s")]
    [InlineData("delay=NaNs")]
    [InlineData("ttl=1%00s")]
    [InlineData("ttl=Infinitys")]
    [InlineData("ttl=10S")]
    [InlineData("at=2030-01-31T08:00:00")]
    [InlineData("at=2030-01-31T08:00:00Z%00")]
    [InlineData("at=2030-02-30T08:00:00Z")]
    [InlineData("at=NaN")]
    public async Task A_send_takes_no_more_than_the_grammar_of_its_times(string query)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        Reply reply = await server.SendAsync("POST", "/v1/services/words/nodes/n/messages?" + query, "x", "text/plain");
        Assert.Equal("400 bad-parameter", reply.Refusal);
        Assert.Contains($"'{query[..query.IndexOf('=')]}'", reply.Detail);
    }

    [Theory]
    [InlineData("""{"max":1e0}""", "bad-json")]
    [InlineData("""{"max":1.0}""", "bad-json")]
    [InlineData("""{"max":+1}""", "bad-json")]
    [InlineData("""{"max":01}""", "bad-json")]
    [InlineData("""{"max":NaN}""", "bad-json")]
    [InlineData("""{"max":Infinity}""", "bad-json")]
    [InlineData("""{"max":"NaN"}""", "bad-json")]
    [InlineData("""{"wait":"1\u0000s"}""", "bad-field")]
    [InlineData("""{"wait":"01s"}""", "bad-field")]
    [InlineData("""{"wait":" 1s"}""", "bad-field")]
    [InlineData("""{"wait":"\uff11s"}""", "bad-field")]
    [InlineData("""{"wait":"1.5s"}""", "bad-field")]
    [InlineData("""{"lease":"1s\u0000"}""", "bad-field")]
    public async Task A_body_takes_no_more_than_the_grammar_of_its_members(string body, string code)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        Assert.Equal(
            "400 " + code, (await server.SendAsync("POST", "/v1/services/words/nodes/n/receive", body)).Refusal);
    }

    [Theory]
    [InlineData("wait=30", 30)]
    [InlineData("Wait = \"007\"", 7)]
    [InlineData("respond-async, wait=5;x=\"wait=9\", wait=6", 5)]
    [InlineData("a=\"x, wait=9\", wait=5", 5)]
    [InlineData("a=\"\\\", wait=9\", wait=5", 5)]
    [InlineData("wait=99999999999999999999999", 60)]
    [InlineData("handling=lenient", 0)]
    [InlineData("a=\"wait=9", 0)]
    public void The_first_wait_of_a_Prefer_is_whole_seconds(string header, int seconds) =>
        Assert.Equal(seconds * 1_000, Preferences.WaitMs(new HeaderDictionary { ["Prefer"] = header }));

    [Theory]
    [InlineData("wait=NaN")]
    [InlineData("wait=Infinity")]
    [InlineData("wait=-1")]
    [InlineData("wait=1.5")]
    [InlineData("wait=1e1")]
    [InlineData("wait=\"30")]
    [InlineData("wait=30\"")]
    [InlineData("wait=")]
    [InlineData("wait")]
    public async Task A_wait_that_is_no_number_of_seconds_is_refused(string header)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        Reply reply = await server.SendAsync(
            "POST", "/v1/services/words/nodes/n/messages", "x", "text/plain", ("Prefer", header));
        Assert.Equal("400 bad-header", reply.Refusal);
    }

    [Fact]
    public void An_id_has_one_form()
    {
        string id = new MessageId(new PartitionId(3), new Revision(77), 5).ToString();
        Assert.True(MessageId.TryParse(id, out MessageId read));
        Assert.Equal(id, read.ToString());
        foreach (string other in new[]
        {
            id + "=", id + "==", id + "\0", id + "\n", id + " ", " " + id, id.Insert(3, " "), id.Insert(3, "\n")
        })
        {
            Assert.False(MessageId.TryParse(other, out _), other);
        }
    }

    [Theory]
    [InlineData("application/json; charset=\"utf-8\"", "200")]
    [InlineData("application/json;charset=\"UTF-8\"", "200")]
    [InlineData("application/json; charset=\"utf\\-8\"", "200")]
    [InlineData("Application/JSON; Charset=utf8", "200")]
    [InlineData("application/json; x=y; charset=utf-8", "200")]
    [InlineData("application/json; charset=\"latin1\"", "415 unsupported-media-type")]
    [InlineData("application/json; charset=utf-16", "415 unsupported-media-type")]
    [InlineData("application/json; charset=utf-8; charset=latin1", "415 unsupported-media-type")]
    [InlineData("application/json; charset=\"\"", "415 unsupported-media-type")]
    [InlineData("text/json", "415 unsupported-media-type")]
    public async Task A_charset_means_the_same_in_quotes_and_in_any_case(string contentType, string expected)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        Assert.Equal(expected, (await server.SendAsync("PUT", "/v1/services/words", "{}", contentType)).Refusal);
    }
}
