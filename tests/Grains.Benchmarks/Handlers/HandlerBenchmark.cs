using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Grains.Benchmarks.Loads;
using Grains.Benchmarks.Report;
using Grains.Benchmarks.World;
using Grains.Handlers;
using Microsoft.Extensions.DependencyInjection;

namespace Grains.Benchmarks.Handlers;

/// <summary>
/// How many messages that wait are handled in a second, by a handler that does nothing: 64 nodes, each with one
/// delivery at a time, hosted, pushed and pulled. Handler, server and client share this process and the machine.
/// </summary>
internal static class HandlerBenchmark
{
    private const int _nodes = 64;
    private const int _hostedEach = 4_000;
    private const int _pushedEach = 1_000;
    private const int _pulledEach = 300;
    private const double _hostedAim = 30_000;
    private const double _pushAim = 0.4;
    private const double _pushAimBatched = 1.5;
    private static readonly int[] _batches = [1, 16];
    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(5);

    public static async Task RunAsync(BenchmarkOptions options, DataFolder data)
    {
        var handled = new HandledCount();
        await using EmptyEndpoint endpoint = await EmptyEndpoint.StartAsync(handled);
        await using HandlerServer server = await HandlerServer.StartAsync(data.New(), silo =>
        {
            silo.Services.AddSingleton(handled);
            silo.AddHandler<EmptyHandler>("warm-hosted").AddHandler<EmptyHandler>("hosted-1")
                .AddHandler<EmptyHandler>("hosted-16");
        });
        Console.WriteLine($"  durability  {server.Durability}");
        Console.WriteLine(
            $"  each        {_nodes} nodes, one delivery of each out at a time; handler, server, client in one "
            + "process");
        var run = new Runs(server, handled);
        await run.DrainAsync("warm-hosted", new { kind = "hosted" }, _hostedEach / 4);
        await run.DrainAsync("warm-push", new { kind = "push", urls = new[] { endpoint.Url } }, _pushedEach / 4);
        await run.PullAsync("warm-pull", 1, _pulledEach * 2);

        var table = new Table("messages/s", "batch", "rate", "µs CPU each", "x raw requests", "aim", "met");
        Rate raw = await RawAsync(endpoint.Url, options.Length, handled);
        table.Add(
            "raw requests, 64 connections", "-", Figures.Rate(raw.PerSecond), Figures.Rate(raw.CpuMicroseconds), "1.00",
            "", "");
        foreach (int batch in _batches)
        {
            Rate hosted = await run.DrainAsync($"hosted-{batch}", new { kind = "hosted", batch }, _hostedEach);
            table.Add("hosted", $"{batch}", Figures.Rate(hosted.PerSecond), Figures.Rate(hosted.CpuMicroseconds), "",
                batch == 1 ? Figures.Rate(_hostedAim) : "", batch == 1 ? Met(hosted.PerSecond >= _hostedAim) : "");
        }

        foreach ((string mode, int batch, double? aim) in
            new (string, int, double?)[]
            {
                ("simple", 1, _pushAim), ("envelope", 1, null), ("envelope", 16, _pushAimBatched)
            })
        {
            Rate pushed = await run.DrainAsync(
                $"push-{mode}-{batch}",
                new { kind = "push", urls = new[] { endpoint.Url }, mode, batch },
                batch == 1 ? _pushedEach : _pushedEach * 4);
            double ratio = pushed.PerSecond / raw.PerSecond;
            table.Add($"push, {mode}", $"{batch}", Figures.Rate(pushed.PerSecond), Figures.Rate(pushed.CpuMicroseconds),
                Figures.Ratio(ratio), aim is { } wanted ? Figures.Ratio(wanted) : "",
                aim is { } least ? Met(ratio >= least) : "");
        }

        foreach (int batch in _batches)
        {
            Rate pulled = await run.PullAsync($"pull-{batch}", batch, batch == 1 ? _pulledEach : _pulledEach * 4);
            table.Add("pull over HTTP, receive and commit", $"{batch}", Figures.Rate(pulled.PerSecond),
                Figures.Rate(pulled.CpuMicroseconds), Figures.Ratio(pulled.PerSecond / raw.PerSecond), "", "");
        }

        table.Print();
    }

    private static string Met(bool met) => met ? "yes" : "NO";

    /// <summary>The same endpoint, asked by clients that know nothing of nodes.</summary>
    private static async Task<Rate> RawAsync(string url, TimeSpan length, HandledCount handled)
    {
        using var http = new HttpMessageInvoker(
            new SocketsHttpHandler { UseProxy = false, ActivityHeadersPropagator = null });
        byte[] body = new byte[BenchmarkMessages.BodyBytes];
        using var stop = new CancellationTokenSource(length);
        var meter = new RateMeter(handled);
        await Task.WhenAll(Enumerable.Range(0, _nodes).Select(async _ =>
        {
            while (!stop.IsCancellationRequested)
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, url)
                {
                    Content = new ByteArrayContent(body)
                };
                using HttpResponseMessage answer = await http.SendAsync(request, CancellationToken.None);
                answer.EnsureSuccessStatusCode();
            }
        }));
        return meter.Read();
    }

    private sealed class Runs(HandlerServer server, HandledCount handled)
    {
        /// <summary>Fills the mailboxes of a paused service, resumes it, and waits until all is handled.</summary>
        public async Task<Rate> DrainAsync(string service, object handler, int each)
        {
            long id = await server.DeclareAsync(service, handler);
            await server.FillAsync(service, id, _nodes, each);
            long until = handled.Value + ((long)_nodes * each);
            await server.ResumeAsync(service);
            var meter = new RateMeter(handled);
            using var deadline = new CancellationTokenSource(_deadline);
            while (handled.Value < until)
            {
                await Task.Delay(5, deadline.Token);
            }

            return meter.Read();
        }

        public async Task<Rate> PullAsync(string service, int batch, int each)
        {
            long id = await server.DeclareAsync(service, new { kind = "pull" });
            await server.FillAsync(service, id, _nodes, each);
            await server.ResumeAsync(service);
            var meter = new RateMeter(handled);
            await Task.WhenAll(Enumerable.Range(0, _nodes).Select(n => PullNodeAsync(service, n, batch)));
            return meter.Read();
        }

        private async Task PullNodeAsync(string service, int node, int batch)
        {
            while (true)
            {
                using HttpResponseMessage answer = await server.Http.PostAsJsonAsync(
                    $"/v1/services/{service}/nodes/n{node}/receive", new { max = batch });
                if (answer.StatusCode == HttpStatusCode.NoContent)
                {
                    return;
                }

                answer.EnsureSuccessStatusCode();
                JsonElement delivery = await answer.Content.ReadFromJsonAsync<JsonElement>();
                using HttpResponseMessage commit = await server.Http.PostAsync(
                    $"/v1/deliveries/{delivery.GetProperty("delivery").GetString()}:commit", null);
                commit.EnsureSuccessStatusCode();
                handled.Add(delivery.GetProperty("messages").GetArrayLength());
            }
        }
    }
}

/// <summary>Messages in a second, and the processor time of this process for each.</summary>
internal readonly record struct Rate(double PerSecond, double CpuMicroseconds);

/// <summary>From now on.</summary>
internal sealed class RateMeter(HandledCount handled)
{
    private readonly long _before = handled.Value;
    private readonly long _begun = Stopwatch.GetTimestamp();
    private readonly TimeSpan _cpu = Process.GetCurrentProcess().TotalProcessorTime;

    public Rate Read()
    {
        double count = handled.Value - _before;
        TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime - _cpu;
        return new Rate(
            count / Stopwatch.GetElapsedTime(_begun).TotalSeconds, cpu.TotalMicroseconds / Math.Max(count, 1));
    }
}
