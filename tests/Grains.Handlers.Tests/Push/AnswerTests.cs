using System.Net;
using System.Text;
using Grains.Handlers.Push;
using Grains.Handlers.Runs;
using Grains.Operations.Declarations;
using Grains.StateMachines.Ids;

namespace Grains.Handlers.Tests.Push;

/// <summary>What a handler may say with a 2xx: a commit, something else, or a commit that is wrong.</summary>
public sealed class AnswerTests
{
    private const string _json = "application/json";

    [Theory]
    [InlineData(200, null, "")]
    [InlineData(200, _json, "")]
    [InlineData(202, _json, "{}")]
    [InlineData(201, _json, " {\r\n} ")]
    [InlineData(204, _json, "null")]
    [InlineData(205, "text/html", "OK")]
    [InlineData(206, _json, "{\"state\":{\"text\":\"1\"}}")]
    [InlineData(200, "text/json", "{\"sends\":[]}")]
    [InlineData(200, "application/vnd.acme+json", "{\"ack\":[]}")]
    [InlineData(200, "Application/JSON ; Charset=UTF-8", "{\"keys\":[]}")]
    [InlineData(200, "application/json; charset=utf8", "{}")]
    [InlineData(200, "application/json; charset=\"utf-8\"", "{}")]
    [InlineData(200, "application/json;charset=us-ascii", "{}")]
    [InlineData(200, "application/json;", "{}")]
    [InlineData(200, _json, "\u00EF\u00BB\u00BF{\"state\":{\"text\":\"1\"}}")]
    [InlineData(200, _json, "{\"st\\u0061te\":{\"text\":\"1\"}}")]
    public async Task What_is_a_commit_or_nothing_is_committed_strict_or_not(int status, string? type, string body)
    {
        Assert.Null(Assert.IsType<HandlerOutcome.Commit>(await ReadAsync(status, type, body, isStrict: false)).Ignored);
        Assert.Null(Assert.IsType<HandlerOutcome.Commit>(await ReadAsync(status, type, body, isStrict: true)).Ignored);
    }

    [Theory]
    [InlineData("text/plain", "OK", "content type is 'text/plain'")]
    [InlineData("text/html; charset=utf-8", "<p>done", "content type is 'text/html'")]
    [InlineData(null, "OK", "content type is 'none'")]
    [InlineData("", "{}", "content type is 'none'")]
    [InlineData("json", "{}", "content type is 'json'")]
    [InlineData("application/jsonlines", "{}", "content type is 'application/jsonlines'")]
    [InlineData("application/json; charset=iso-8859-1", "{}", "charset is 'iso-8859-1'")]
    [InlineData("application/json; charset=\"utf-16\"", "{}", "charset is '\"utf-16\"'")]
    [InlineData(_json, "null", "names no member")]
    [InlineData(_json, "true", "names no member")]
    [InlineData(_json, "17", "names no member")]
    [InlineData(_json, "\"OK\"", "names no member")]
    [InlineData(_json, "[]", "names no member")]
    [InlineData(_json, "[{\"state\":1}]", "names no member")]
    [InlineData(_json, "{\"success\":true}", "names no member")]
    [InlineData(_json, "{\"data\":{\"state\":1}}", "names no member")]
    [InlineData(_json, "{\"a\":1,\"a\":2}", "names no member")]
    [InlineData(_json, "OK", "names no member")]
    [InlineData(_json, " \r\n", "names no member")]
    [InlineData(_json, "{\"success\":tr", "names no member")]
    [InlineData(_json, "\u00FF\u00FE{\0}\0", "names no member")]
    [InlineData("application/problem+json", "{\"type\":\"about:blank\",\"status\":200}", "names no member")]
    public async Task What_was_not_meant_as_a_commit_acknowledges_unless_the_service_is_strict(
        string? type, string body, string why)
    {
        var ignored = Assert.IsType<HandlerOutcome.Commit>(await ReadAsync(200, type, body, isStrict: false));
        Assert.Contains(why, ignored.Ignored, StringComparison.Ordinal);
        Assert.Null(ignored.Request.State);
        Assert.IsType<HandlerOutcome.Failed>(await ReadAsync(200, type, body, isStrict: true));
    }

    [Theory]
    [InlineData("{\"state\":5}", "at 'state'")]
    [InlineData("{\"ack\":true}", "at 'ack'")]
    [InlineData("{\"sends\":{}}", "at 'sends'")]
    [InlineData("{\"success\":true,\"state\":{\"text\":\"1\"}}", "Unknown member 'success'")]
    [InlineData("{\"State\":{\"text\":\"1\"}}", "Unknown member 'State'")]
    [InlineData("{\"state\":{\"text\":\"1\"},\"state\":{\"text\":\"2\"}}", "Duplicate member 'state'")]
    [InlineData("{\"state\":{\"text\":\"1\"", "Not the JSON")]
    [InlineData("{\"timers\":[]} x", "Not the JSON")]
    [InlineData("{\"replies\":[],}", "Not the JSON")]
    [InlineData("{\"keys\":null,\"x\":[[[", "Unknown member 'x'")]
    public async Task What_was_meant_as_a_commit_and_is_wrong_has_failed(string body, string why)
    {
        var failed = Assert.IsType<HandlerOutcome.Failed>(await ReadAsync(200, _json, body, isStrict: false));
        Assert.Contains(why, failed.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_too_large_is_a_wrong_commit_if_it_began_as_one_and_else_ignored()
    {
        string much = new(' ', 6 << 20);
        Assert.Contains("over 6291456 bytes", Assert.IsType<HandlerOutcome.Failed>(
            await ReadAsync(200, _json, $"{{\"keys\":[]{much} }}", isStrict: false)).Reason, StringComparison.Ordinal);
        Assert.NotNull(Assert.IsType<HandlerOutcome.Commit>(
            await ReadAsync(200, _json, $"{{\"data\":[{much}]}}", isStrict: false)).Ignored);
        Assert.NotNull(
            Assert.IsType<HandlerOutcome.Commit>(await ReadAsync(200, _json, much + "{", isStrict: false)).Ignored);
        Assert.IsType<HandlerOutcome.Commit>(await ReadAsync(200, _json, $"{much[2..]}{{}}", isStrict: false));
    }

    [Theory]
    [InlineData("gzip", _json, false)]
    [InlineData("br", "application/problem+json", false)]
    [InlineData("identity", _json, true)]
    [InlineData("gzip", "text/plain", true)]
    public async Task A_commit_that_cannot_be_read_has_failed_and_another_text_may_be_packed(
        string encoding, string type, bool isDone)
    {
        HandlerOutcome outcome = await ReadAsync(200, type, "{}", isStrict: false, encoding);
        Assert.Equal(isDone, outcome is HandlerOutcome.Commit);
    }

    private static async Task<HandlerOutcome> ReadAsync(
        int status, string? type, string body, bool isStrict, string? encoding = null)
    {
        using var answer = new HttpResponseMessage((HttpStatusCode)status)
        {
            Content = new ByteArrayContent(Encoding.Latin1.GetBytes(body))
        };
        if (type is not null)
        {
            answer.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        if (encoding is not null)
        {
            answer.Content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        }

        var service = new ServiceSnapshot
        {
            Name = "greeter",
            Id = new ServiceId(1),
            Handler = new HandlerSnapshot { Kind = HandlerKind.Push, IsStrict = isStrict },
            Attempts = 5,
            BackoffMs = 1_000,
            MaxBackoffMs = 60_000,
            LeaseMs = 30_000,
            MailboxLimit = 10,
        };
        return await PushAnswer.ReadAsync(answer, service, DateTimeOffset.UnixEpoch, CancellationToken.None);
    }
}
