using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Grains.Benchmarks.Loads;
using Grains.Benchmarks.Paths;
using Grains.FrontEnd;
using Grains.Handlers;
using Grains.Journal;
using Grains.Journal.Segments;
using Grains.Silo;
using Grains.Silo.Cluster;
using Grains.Silo.Ownership;
using Grains.Silo.Partitions;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Slots;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Grains.Benchmarks.Handlers;

/// <summary>A whole server in this process, as a host of a user's own would put it together.</summary>
internal sealed class HandlerServer : IAsyncDisposable
{
    private const string _clusterName = "grains";
    private const int _prefilledAtOnce = 1_024;
    private static readonly TimeSpan _readyDeadline = TimeSpan.FromSeconds(60);
    private readonly WebApplication _app;

    private HandlerServer(WebApplication app, Uri url)
    {
        _app = app;
        Url = url;
        Http = new HttpClient { BaseAddress = url };
    }

    public Uri Url { get; }

    public HttpClient Http { get; }

    public string Durability => _app.Services.GetRequiredService<IJournal>().Durability;

    public static async Task<HandlerServer> StartAsync(string folder, Action<ISiloBuilder> more)
    {
        SegmentJournal journal = SegmentJournal.Open(new SegmentJournalOptions { Folder = folder });
        var url = new Uri($"http://127.0.0.1:{World.ChildProcess.FreePort()}");
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url.ToString());
        builder.Services.AddSingleton<IHostLifetime, UnattendedLifetime>();
        builder.Services.AddSingleton<IJournal>(_ => journal);
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(
                World.ChildProcess.FreePort(), gatewayPort: 0, serviceId: _clusterName, clusterId: _clusterName);
            silo.Configure<SiloOptions>(o => o.SiloName = Environment.MachineName);
            silo.AddGrainsSettings(ClusterSettingsFile.At(Path.Combine(folder, "CLUSTER")));
            silo.AddGrains(new GrainsSiloOptions { IsAlone = true });
            silo.AddGrainsHandlers(new HandlerOptions { PushTo = [IPNetwork.Parse("127.0.0.0/8")] });
            more(silo);
        });
        builder.Services.AddGrainsFrontEnd();
        WebApplication app = builder.Build();
        app.MapGrains();
        await app.StartAsync();
        await app.Services.GetRequiredService<PartitionReadiness>().WaitAsync(CancellationToken.None)
            .WaitAsync(_readyDeadline);
        return new HandlerServer(app, url);
    }

    /// <summary>Declares it, paused.</summary>
    public async Task<long> DeclareAsync(string service, object handler)
    {
        using HttpResponseMessage answer = await Http.PutAsJsonAsync(
            $"/v1/services/{service}", new { handler, paused = true, mailbox = new { limit = 1_000_000 } });
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetInt64();
    }

    public async Task ResumeAsync(string service) =>
        (await Http.PostAsync($"/v1/services/{service}:resume", null)).EnsureSuccessStatusCode();

    /// <summary>As many messages for each node, in its mailbox.</summary>
    public async Task FillAsync(string service, long id, int nodes, int messagesEach)
    {
        IPartitions partitions = _app.Services.GetRequiredService<IPartitions>();
        byte[] name = System.Text.Encoding.ASCII.GetBytes(service);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, nodes * messagesEach),
            new ParallelOptions { MaxDegreeOfParallelism = _prefilledAtOnce },
            async (i, cancel) =>
            {
                var node = new Utf8Name($"n{i % nodes}");
                SendMessage send = BenchmarkMessages.Send(node) with
                {
                    Service = new ServiceId(id), MailboxLimit = 1_000_000
                };
                PartitionId partition = partitions.Slots.PartitionOf(PlacementKey.SlotOfNode(name, node.Span));
                if (await partitions.ExecuteAsync(partition, send, cancel) is not MessageAccepted)
                {
                    throw new InvalidOperationException("A message was not accepted.");
                }
            });
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
