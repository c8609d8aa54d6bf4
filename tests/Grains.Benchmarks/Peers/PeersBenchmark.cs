using System.ComponentModel;
using Grains.Benchmarks.Postgres;
using Grains.Benchmarks.Report;
using Grains.Benchmarks.World;
using Grains.Postgres.Testing;

namespace Grains.Benchmarks.Peers;

/// <summary>One server beside Redis and rows in Postgres: the same work, each by its usual client, in turns.</summary>
internal static class PeersBenchmark
{
    public const int Keys = PostgresBenchmark.Keys;
    private const int _rounds = 3;
    private static readonly int[] _callers = [1, 64, 256];

    public static async Task RunAsync(BenchmarkOptions options, DataFolder data)
    {
        List<Peer> peers = [];
        try
        {
            await foreach (Peer peer in StartAsync(data))
            {
                peers.Add(peer);
                await peer.FillAsync();
                Console.WriteLine($"  {peer.Name,-18} {await peer.DescribeAsync()}");
            }

            foreach (PeerWork work in Enum.GetValues<PeerWork>())
            {
                await MeasureAsync(peers, work, options.Length);
            }
        }
        finally
        {
            foreach (Peer peer in peers)
            {
                await peer.DisposeAsync();
            }
        }

        Console.WriteLine(
            $"  each row: the median of {_rounds} turns; the peers take turns. Ratios are to that of the same turn. "
            + "etcd and three servers are not here: infra/bench postgres has the cluster.");
    }

    /// <summary>Those that this machine has.</summary>
    private static async IAsyncEnumerable<Peer> StartAsync(DataFolder data)
    {
        yield return await RespPeer.StartGrainsAsync(data);
        yield return await HttpPeer.StartAsync(data);
        if (IsThere("redis-server", () => ChildProcess.Of("redis-server", ["--version"]).Dispose()))
        {
            yield return await RespPeer.StartRedisAsync(data);
        }

        if (IsThere("postgresql", () => _ = PostgresPrograms.Folder))
        {
            yield return await RowsPeer.StartAsync(data);
        }
    }

    /// <summary>Only that it is missing leaves a peer out; one that does not start ends the run.</summary>
    private static bool IsThere(string package, Action find)
    {
        try
        {
            find();
            return true;
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            Console.WriteLine($"  left out, install Debian's package {package} to see it: {e.Message}");
            return false;
        }
    }

    private static async Task MeasureAsync(List<Peer> peers, PeerWork work, TimeSpan length)
    {
        string name = work == PeerWork.Message ? "send, receive, end" : $"{work} 256 B".ToLowerInvariant();
        var table = new Table(
            name, "outstanding", "operations/s", "p50 ms", "p99 ms", "server µs", "client µs", "to Redis", "to rows");
        foreach (int callers in _callers)
        {
            List<PeerTurns> turns = [];
            foreach (Peer peer in peers)
            {
                if (peer.OpenAsync(work, callers) is { } opening)
                {
                    turns.Add(new PeerTurns(peer, await opening));
                }
            }

            for (int round = 0; round <= _rounds; round++)
            {
                foreach (PeerTurns turn in turns)
                {
                    // The first round is for the compilers and caches of all.
                    await turn.TakeAsync(callers, round == 0 ? length / 2 : length, counts: round > 0);
                }
            }

            PeerTurns? redis = turns.Find(t => t.Peer is RespPeer { IsRedis: true });
            PeerTurns? rows = turns.Find(t => t.Peer is RowsPeer);
            foreach (PeerTurns turn in turns)
            {
                table.Add(
                    turn.Peer.Name, $"{callers}", Figures.Rate(turn.PerSecond), Figures.Ms(turn.Ms(0.5)),
                    Figures.Ms(turn.Ms(0.99)), Figures.Ms(turn.ServerMicrosecondsEach),
                    Figures.Ms(turn.ClientMicrosecondsEach), Ratio(turn, redis), Ratio(turn, rows));
                await turn.Work.DisposeAsync();
            }
        }

        Console.WriteLine();
        table.Print();
    }

    private static string Ratio(PeerTurns turn, PeerTurns? other) =>
        other is null ? "" : Figures.Ratio(turn.RatioTo(other));
}
