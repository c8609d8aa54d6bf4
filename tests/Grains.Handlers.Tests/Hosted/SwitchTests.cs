using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Grains.Api.Deliveries;
using Grains.Handlers.Tests.World;
using Microsoft.AspNetCore.Http;

namespace Grains.Handlers.Tests.Hosted;

/// <summary>One commit for push, pull and hosted.</summary>
public sealed class SwitchTests
{
    private const int _nodes = 20;
    private const int _messages = 1_500;

    [Fact]
    public async Task Switching_a_service_between_push_pull_and_hosted_under_load_loses_and_repeats_nothing()
    {
        await using HandlerWorld world = await HandlerWorld.StartAsync(silo => silo.AddHandler<Adder>("adder"));
        await using UserEndpoint endpoint = await UserEndpoint.StartAsync();
        int pushed = 0;
        endpoint.Answer = async (http, delivery) =>
        {
            Interlocked.Increment(ref pushed);
            await Task.Delay(Random.Shared.Next(3));
            JsonElement state = delivery.Json.GetProperty("state");
            string? before = state.ValueKind == JsonValueKind.Object ? state.GetProperty("text").GetString() : null;
            string body = delivery.Json.GetProperty("messages")[0].GetProperty("text").GetString()!;
            await http.Response.WriteAsJsonAsync(
                new { state = new { text = Adder.Add(before, body), contentType = "text/plain" } });
        };
        object[] kinds =
        [
            new { kind = "push", urls = new[] { endpoint.Url }, mode = "envelope" },
            new { kind = "pull" },
            new { kind = "hosted" },
        ];
        await world.DeclareAsync("adder", new { handler = kinds[0] });
        using var stop = new CancellationTokenSource();
        int pulled = 0;
        Task[] workers =
        [
            .. Enumerable.Range(0, 4).Select(_ => PullAsync(world, () => Interlocked.Increment(ref pulled), stop.Token))
        ];
        Task sending = SendAsync(world);
        for (int i = 1; !sending.IsCompleted; i++)
        {
            await Task.Delay(150);
            await world.DeclareAsync("adder", new { handler = kinds[i % kinds.Length] });
        }

        await sending;
        for (int node = 0; node < _nodes; node++)
        {
            await world.UntilIdleAsync("adder", $"n{node}");
            string[] expected = [.. Enumerable.Range(0, _messages).Where(m => m % _nodes == node).Select(m => $"{m}")];
            Assert.Equal(string.Join(' ', expected), await world.StateAsync("adder", $"n{node}"));
        }

        await stop.CancelAsync();
        await Task.WhenAll(workers);
        Assert.True(
            pushed > 0 && pulled > 0 && Adder.Handled > 0, $"pushed {pushed}, pulled {pulled}, hosted {Adder.Handled}");
    }

    /// <summary>One sender a node: what it sends arrives in its order.</summary>
    private static Task SendAsync(HandlerWorld world) => Task.WhenAll(Enumerable.Range(0, _nodes).Select(async node =>
    {
        for (int m = node; m < _messages; m += _nodes)
        {
            await world.SendAsync("adder", $"n{node}", $"{m}");
            await Task.Delay(20);
        }
    }));

    private static async Task PullAsync(HandlerWorld world, Action handled, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using HttpResponseMessage response = await world.Http.PostAsJsonAsync(
                    "/v1/services/adder/receive", new { wait = "200ms" }, stop);
                if (response.StatusCode != HttpStatusCode.OK)
                {
                    continue;
                }

                JsonElement delivery = await response.Content.ReadFromJsonAsync<JsonElement>(stop);
                JsonElement state = delivery.GetProperty("state");
                string? before = state.ValueKind == JsonValueKind.Object ? state.GetProperty("text").GetString() : null;
                string body = delivery.GetProperty("messages")[0].GetProperty("text").GetString()!;
                using HttpResponseMessage commit = await world.Http.PostAsJsonAsync(
                    $"/v1/deliveries/{delivery.GetProperty("delivery").GetString()}:commit",
                    new { state = new { text = Adder.Add(before, body), contentType = "text/plain" } },
                    CancellationToken.None);
                Assert.True(commit.IsSuccessStatusCode, await commit.Content.ReadAsStringAsync(CancellationToken.None));
                handled();
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>Its state is every message that it handled, in order.</summary>
    internal sealed class Adder : IHandler
    {
        private static int _handled;

        public static int Handled => Volatile.Read(ref _handled);

        public static string Add(string? before, string body) => before is null ? body : $"{before} {body}";

        public ValueTask<CommitRequest> HandleAsync(Delivery delivery, CancellationToken cancel)
        {
            Interlocked.Increment(ref _handled);
            string state = Add(delivery.State?.Text, delivery.Messages[0].Text!);
            return ValueTask.FromResult(
                new CommitRequest { State = new CommitState { Text = state, ContentType = "text/plain" } });
        }
    }
}
