using System.Collections.Concurrent;
using System.Diagnostics;
using Grains.Handlers.Tests.World;
using Grains.Silo.Telemetry;
using Microsoft.AspNetCore.Http;

namespace Grains.Handlers.Tests.Push;

/// <summary>One trace from the request that sends to the last handler.</summary>
public sealed class TraceTests
{
    private const string _trace = "0af7651916cd43dd8448eb211c80319c";

    [Fact]
    public async Task One_trace_shows_send_delivery_handler_and_what_the_handler_sends()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is GrainsMeter.Name or "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Parent.TraceId.ToString() == _trace
                ? ActivitySamplingResult.AllDataAndRecorded
                : ActivitySamplingResult.None,
            ActivityStopped = activity =>
            {
                if (activity.TraceId.ToString() == _trace)
                {
                    spans.Enqueue(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using HandlerWorld world = await HandlerWorld.StartAsync();
        await using UserEndpoint endpoint = await UserEndpoint.StartAsync();
        endpoint.Answer = (http, pushed) => pushed.Headers["Grains-Node"] == "a"
            ? http.Response.WriteAsJsonAsync(new { sends = new[] { new { node = "b", text = "on" } } })
            : NothingAsync(http);
        await world.DeclareAsync("greeter", new { handler = new { kind = "push", urls = new[] { endpoint.Url } } });
        await world.SendAsync("greeter", "a", "hello", headers: ("traceparent", $"00-{_trace}-b7ad6b7169203331-01"));
        await HandlerWorld.UntilAsync(
            () => Task.FromResult(spans.Count(s => s.OperationName == "process greeter") == 2));

        Activity sent = spans.First(
            s => s.Kind == ActivityKind.Server && s.ParentSpanId.ToString() == "b7ad6b7169203331");
        Activity first = spans.Single(s => s.ParentSpanId == sent.SpanId && s.Kind == ActivityKind.Consumer);
        Assert.Equal("a", first.GetTagItem("grains.node"));
        Assert.Equal("committed", first.GetTagItem("grains.end"));
        Activity second = spans.Single(s => s.ParentSpanId == first.SpanId && s.Kind == ActivityKind.Consumer);
        Assert.Equal("b", second.GetTagItem("grains.node"));

        // The handler is asked in the span of its delivery, so that what it does is under it.
        Assert.Equal([first.Id, second.Id], endpoint.Seen.Select(s => s.Headers["traceparent"]));
    }

    [Fact]
    public async Task Where_nobody_looks_the_senders_context_reaches_the_handler_and_the_next_as_it_is()
    {
        const string parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
        await using HandlerWorld world = await HandlerWorld.StartAsync();
        await using UserEndpoint endpoint = await UserEndpoint.StartAsync();
        endpoint.Answer = (http, pushed) => pushed.Headers["Grains-Node"] == "a"
            ? http.Response.WriteAsJsonAsync(new { sends = new[] { new { node = "b", text = "on" } } })
            : NothingAsync(http);
        await world.DeclareAsync("greeter", new { handler = new { kind = "push", urls = new[] { endpoint.Url } } });
        await world.SendAsync("greeter", "a", "hello", headers: [("traceparent", parent), ("tracestate", "vendor=1")]);
        await HandlerWorld.UntilAsync(() => Task.FromResult(endpoint.Seen.Count == 2));
        Assert.Equal([parent, parent], endpoint.Seen.Select(s => s.Headers["traceparent"]));
        Assert.Equal(["vendor=1", "vendor=1"], endpoint.Seen.Select(s => s.Headers["tracestate"]));
    }

    [Fact]
    public async Task The_alarms_are_among_the_metrics()
    {
        await using HandlerWorld world = await HandlerWorld.StartAsync();
        await world.DeclareAsync("idle", new { });
        await world.SendAsync("idle", "a", "hello");
        await HandlerWorld.UntilAsync(async () =>
        {
            string metrics = await world.Http.GetStringAsync("/metrics");
            return metrics.Contains("grains_messages_oldest_seconds{", StringComparison.Ordinal)
                && metrics.Contains("service=\"idle\"", StringComparison.Ordinal);
        });
        string all = await world.Http.GetStringAsync("/metrics");
        Assert.Contains("grains_partitions_unserved", all, StringComparison.Ordinal);
        Assert.Contains("grains_outbox_lag_seconds", all, StringComparison.Ordinal);
        Assert.Contains("grains_handlers_in_flight", all, StringComparison.Ordinal);
    }

    private static Task NothingAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}
