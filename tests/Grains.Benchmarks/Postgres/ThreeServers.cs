using System.Text.Json;
using Grains.Benchmarks.Http;
using Grains.Benchmarks.World;

namespace Grains.Benchmarks.Postgres;

/// <summary>Server processes of one cluster, called over HTTP; a third of the calls each.</summary>
internal sealed class ThreeServers : Contender
{
    private const int _count = 3;
    private static readonly TimeSpan _spreadDeadline = TimeSpan.FromSeconds(120);
    private readonly ServerProcess[] _servers;

    private ThreeServers(BenchmarkDatabase database, ServerProcess[] servers)
        : base(database) => _servers = servers;

    public override string Name => "HTTP";

    public IReadOnlyList<int> Ports => [.. _servers.Select(s => s.Port)];

    public override TimeSpan ServersCpu => new(_servers.Sum(s => s.Process.Cpu.Ticks));

    /// <returns>When each server has its share of the partitions.</returns>
    /// <param name="database">Under all of them.</param>
    /// <param name="options">More of each, by its number from 1 on.</param>
    public static async Task<ThreeServers> StartAsync(
        BenchmarkDatabase database, Func<int, string[]>? options = null)
    {
        List<ServerProcess> servers = [];
        try
        {
            for (int i = 1; i <= _count; i++)
            {
                servers.Add(await ServerProcess.StartMemberAsync(
                    $"server-{i}", database.ConnectionString, options?.Invoke(i) ?? []));
            }

            await UntilSpreadAsync(servers[0]);
            await HttpSteps.PrepareAsync(servers[0].Port);
            return new ThreeServers(database, [.. servers]);
        }
        catch
        {
            servers.ForEach(s => s.Dispose());
            throw;
        }
    }

    public override Task FillAsync() => HttpSteps.FillAsync([.. Ports]);

    public override IReadOnlyList<Way> Puts(int callers) =>
    [
        new("three servers", async () =>
        {
            HttpConnection[] connections = await OpenAsync(callers);
            return Over(connections, caller => HttpSteps.PutAsync(connections[caller], caller));
        }),
    ];

    public override IReadOnlyList<Way> Cycles(int callers, int messages) =>
    [
        new("three servers", async () =>
        {
            // A message each from a sender of its own, so as many connections; all of a node's at one server.
            HttpConnection[] connections = await OpenAsync(callers * messages, messages);
            return Over(
                connections,
                caller => HttpCycle.RunAsync(connections.AsMemory(caller * messages, messages), caller));
        }),
    ];

    public override async ValueTask DisposeAsync()
    {
        // Not on a thread that polls sockets: the end of a process is read from its pipes.
        await Task.Yield();
        foreach (ServerProcess server in _servers)
        {
            server.Dispose();
        }

        await base.DisposeAsync();
    }

    public async Task<HttpConnection[]> OpenAsync(int count, int together = 1)
    {
        var connections = new HttpConnection[count];
        for (int i = 0; i < count; i++)
        {
            connections[i] = await HttpConnection.OpenAsync(_servers[i / together % _count].Port);
        }

        return connections;
    }

    public static Work Over(HttpConnection[] connections, Func<int, ValueTask> step) => new(step, () =>
    {
        foreach (HttpConnection connection in connections)
        {
            connection.Dispose();
        }

        return ValueTask.CompletedTask;
    });

    /// <summary>A partition is handed to a server that has just joined only after a while.</summary>
    private static async Task UntilSpreadAsync(ServerProcess server)
    {
        byte[] request = "GET /v1/cluster HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"u8.ToArray();
        using HttpConnection connection = await HttpConnection.OpenAsync(server.Port);
        string seen = "";
        using var deadline = new CancellationTokenSource(_spreadDeadline);
        while (!deadline.IsCancellationRequested)
        {
            if (await connection.ExchangeAsync(request) == 200)
            {
                seen = System.Text.Encoding.UTF8.GetString(connection.Body);
                if (IsSpread(JsonDocument.Parse(seen).RootElement))
                {
                    return;
                }
            }

            await Task.Delay(100);
        }

        throw new TimeoutException(
            $"The partitions are not spread over {_count} servers after {_spreadDeadline}: {seen}");
    }

    private static bool IsSpread(JsonElement cluster)
    {
        JsonElement[] servers = [.. cluster.GetProperty("servers").EnumerateArray()];
        return cluster.GetProperty("unserved").GetArrayLength() == 0
            && servers.Length == _count
            && servers.All(s => s.TryGetProperty("partitions", out JsonElement owned)
                && owned.GetInt32() > 0 && owned.GetInt32() == s.GetProperty("assigned").GetInt32());
    }
}
