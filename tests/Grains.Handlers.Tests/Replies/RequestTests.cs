using System.Net;
using System.Text;
using System.Text.Json;
using Grains.Api.Deliveries;
using Grains.Handlers.Tests.World;
using Microsoft.AspNetCore.Http;

namespace Grains.Handlers.Tests.Replies;

/// <summary>A caller who waits for what comes of its message.</summary>
public sealed class RequestTests : IAsyncLifetime
{
    private HandlerWorld _world = null!;

    public async Task InitializeAsync()
    {
        _world = await HandlerWorld.StartAsync(silo => silo.AddHandler<Clerk>("clerk").AddHandler<Desk>("desk"));
        await _world.DeclareAsync(
            "clerk", new { handler = new { kind = "hosted" }, retry = new { attempts = 2, backoff = "10ms" } });
        await _world.DeclareAsync("desk", new { handler = new { kind = "hosted" } });
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task A_request_is_answered_with_what_its_handler_replied_its_type_and_its_headers()
    {
        using HttpResponseMessage answer = await AskAsync("clerk", "a", "price?");
        Assert.Equal(
            (HttpStatusCode.OK, "clerk says: price?"), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        Assert.Equal("text/plain", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal(
            ("answer", "7", "wait"),
            (Header(answer, "Grains-Type"), Header(answer, "grains-header-desk"), Header(answer, "Preference-Applied")));

        // Who asks later is told the same.
        using HttpResponseMessage again = await ReplyAsync("clerk", Header(answer, "Grains-Message"));
        Assert.Equal(
            (HttpStatusCode.OK, "clerk says: price?"), (again.StatusCode, await again.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task A_request_that_is_sent_on_over_two_services_is_answered_by_the_last()
    {
        using HttpResponseMessage answer = await AskAsync("desk", "front", "price?");
        Assert.Equal(
            (HttpStatusCode.OK, "clerk says: price?"), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task A_handler_that_says_nothing_gives_204_and_one_that_fails_gives_502_with_the_reason()
    {
        using HttpResponseMessage silent = await AskAsync("clerk", "a", "silent");
        Assert.Equal(HttpStatusCode.NoContent, silent.StatusCode);
        using HttpResponseMessage failed = await AskAsync("clerk", "b", "fails");
        string problem = await failed.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.BadGateway, failed.StatusCode);
        Assert.Contains("dead-letter", problem, StringComparison.Ordinal);
        Assert.Contains("out of tea", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wait_that_is_over_gives_202_and_the_reply_can_be_had_later_or_with_the_same_key()
    {
        using HttpResponseMessage pending = await AskAsync("clerk", "a", "slow", wait: 1, key: "k-1");
        Assert.Equal(HttpStatusCode.Accepted, pending.StatusCode);
        Assert.Equal("wait", Header(pending, "Preference-Applied"));
        string id = JsonDocument.Parse(
            await pending.Content.ReadAsStringAsync()).RootElement.GetProperty("id").GetString()!;
        Assert.Equal(id, Header(pending, "Grains-Message"));
        using HttpResponseMessage now = await ReplyAsync("clerk", id, wait: "0s");
        Assert.Equal(HttpStatusCode.Accepted, now.StatusCode);
        Task<HttpResponseMessage> attached = AskAsync("clerk", "a", "slow", key: "k-1");
        Clerk.Go.Release();
        using HttpResponseMessage answer = await attached;
        Assert.Equal((HttpStatusCode.OK, "clerk says: slow", "true"),
            (answer.StatusCode, await answer.Content.ReadAsStringAsync(), Header(answer, "Grains-Repeated")));
        Assert.Equal(id, Header(answer, "Grains-Message"));
        using HttpResponseMessage late = await ReplyAsync("clerk", id);
        Assert.Equal("clerk says: slow", await late.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_message_that_expires_while_its_sender_waits_gives_410_and_not_204()
    {
        await _world.DeclareAsync("nobody", new { });
        using HttpResponseMessage answer = await AskAsync("nobody", "a", "x", query: "?ttl=300ms");
        string problem = await answer.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.Gone, answer.StatusCode);
        Assert.Contains("message-dropped", problem, StringComparison.Ordinal);
        Assert.Contains("\"outcome\":\"unknown\"", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_push_handler_replies_in_its_answer()
    {
        await using UserEndpoint endpoint = await UserEndpoint.StartAsync();
        endpoint.Answer = async (http, pushed) =>
        {
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync($$$"""{"replies":[{"text":"pong {{{pushed.Text}}}","contentType":"text/plain"}]}""");
        };
        await _world.DeclareAsync("ponger", new { handler = new { kind = "push", urls = new[] { endpoint.Url } } });
        using HttpResponseMessage answer = await AskAsync("ponger", "a", "1");
        Assert.Equal("pong 1", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Many_wait_at_once_and_each_gets_its_own()
    {
        string[] answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
        {
            using HttpResponseMessage answer = await AskAsync("clerk", $"n{i % 20}", $"q{i}");
            return await answer.Content.ReadAsStringAsync();
        }));
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"clerk says: q{i}"), answers);
    }

    [Theory]
    [InlineData("wait=soon")]
    [InlineData("wait=-1")]
    [InlineData("respond-async, wait=1.5")]
    [InlineData("wait=\"x\"")]
    public async Task A_wait_that_is_none_is_refused_and_nothing_is_sent(string prefer)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/services/clerk/nodes/quiet/messages");
        request.Headers.TryAddWithoutValidation("Prefer", prefer);
        using HttpResponseMessage answer = await _world.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("wait=30", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using HttpResponseMessage node = await _world.Http.GetAsync("/v1/services/clerk/nodes/quiet");
        Assert.Equal(HttpStatusCode.NotFound, node.StatusCode);
    }

    [Fact]
    public async Task Other_preferences_are_passed_over()
    {
        using HttpResponseMessage answer = await AskAsync(
            "clerk", "a", "x", prefer: "handling=lenient; wait=0, Wait = \"99999999999\"; foo");
        Assert.Equal("clerk says: x", await answer.Content.ReadAsStringAsync());
    }

    private async Task<HttpResponseMessage> AskAsync(
        string service, string node, string body, int wait = 30, string? key = null, string? prefer = null,
        string query = "")
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Post, $"/v1/services/{service}/nodes/{node}/messages{query}")
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)),
        };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "text/plain");
        request.Headers.TryAddWithoutValidation("Prefer", prefer ?? $"wait={wait}");
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return await _world.Http.SendAsync(request);
    }

    private Task<HttpResponseMessage> ReplyAsync(string service, string id, string wait = "20s") =>
        _world.Http.GetAsync($"/v1/services/{service}/messages/{id}/reply?wait={wait}");

    private static string Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.Single() : "";

    private sealed class Clerk : IHandler
    {
        public static readonly SemaphoreSlim Go = new(0);

        public async ValueTask<CommitRequest> HandleAsync(Delivery delivery, CancellationToken cancel)
        {
            string asked = delivery.Messages[0].Text!;
            switch (asked)
            {
                case "silent":
                    return new CommitRequest();
                case "fails":
                    throw new InvalidOperationException("out of tea");
                case "slow":
                    await Go.WaitAsync(cancel);
                    break;
            }

            return new CommitRequest
            {
                Replies =
                [
                    new CommitReply
                    {
                        Text = $"clerk says: {asked}", ContentType = "text/plain", Type = "answer",
                        Headers = new() { ["Grains-Header-Desk"] = "7" },
                    },
                ],
            };
        }
    }

    /// <summary>Sends what it is asked from the front to the back, and from there to a clerk.</summary>
    private sealed class Desk : IHandler
    {
        public ValueTask<CommitRequest> HandleAsync(Delivery delivery, CancellationToken cancel)
        {
            (string service, string node) = delivery.Node == "front" ? ("desk", "back") : ("clerk", "far");
            return ValueTask.FromResult(new CommitRequest
            {
                Sends =
                [
                    new CommitSend
                    {
                        Service = service, Node = node, Text = delivery.Messages[0].Text, ContentType = "text/plain",
                        For = delivery.Messages[0].Id,
                    },
                ],
            });
        }
    }
}
