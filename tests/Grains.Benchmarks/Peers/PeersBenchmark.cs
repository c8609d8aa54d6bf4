using System.ComponentModel;
using Grains.Benchmarks.Report;
using Grains.Benchmarks.World;
using Grains.Postgres.Testing;

namespace Grains.Benchmarks.Peers;

/// <summary>
/// One server, and three on a Postgres, beside Redis, etcd and rows in Postgres: the same work, each by its usual
/// client, in turns.
/// </summary>
internal static class PeersBenchmark
{
    private const int _rounds = 3;
    private static readonly int[] _callers = [1, 64, 256];

    public static async Task RunAsync(BenchmarkOptions options, DataFolder data)
    {
        List<Peer> peers = [];
        var markdown = new MarkdownReport(_callers);
        try
        {
            Console.WriteLine($"  {options.Keys:N0} keys");
            await foreach (Peer peer in StartAsync(data, options.Keys))
            {
                peers.Add(peer);
                await peer.FillAsync();
                Console.WriteLine($"  {peer.Name,-20} {await peer.DescribeAsync()}");
            }

            foreach (PeerWork work in Enum.GetValues<PeerWork>())
            {
                await MeasureAsync(peers, work, options.Length, markdown);
            }
        }
        finally
        {
            foreach (Peer peer in Enumerable.Reverse(peers))
            {
                await peer.DisposeAsync();
            }
        }

        Console.WriteLine(
            $"  each row: the median of {_rounds} turns; the peers take turns. Ratios are to that of the same turn. "
            + "Server, client and Postgres: processor time of one operation; to empty: that of the server against the "
            + "empty endpoint's.");
        if (options.Markdown is { } file)
        {
            await File.WriteAllTextAsync(file, markdown.ToString());
            Console.WriteLine($"  the table is in {file}");
        }
    }

    /// <summary>Those that this machine has.</summary>
    private static async IAsyncEnumerable<Peer> StartAsync(DataFolder data, int keys)
    {
        yield return await RespPeer.StartGrainsAsync(data, keys);
        HttpPeer http = await HttpPeer.StartGrainsAsync(data, keys);
        yield return http;
        yield return new HttpClientPeer(http, keys);
        yield return await HttpPeer.StartEmptyAsync(keys);
        if (IsThere("redis-server", () => ChildProcess.Of("redis-server", ["--version"]).Dispose()))
        {
            yield return await RespPeer.StartRedisAsync(data, keys);
        }

        if (IsThere("etcd-server", () => ChildProcess.Of("etcd", ["--version"]).Dispose()))
        {
            yield return await EtcdPeer.StartAsync(data, keys);
        }

        if (IsThere("postgresql", () => _ = PostgresPrograms.Folder))
        {
            yield return await RowsPeer.StartAsync(data, keys);
            (ClusterPeer byHttp, ClusterPeer byResp) = await ClusterPeer.StartAsync(data, keys);
            yield return byHttp;
            yield return byResp;
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

    private static async Task MeasureAsync(List<Peer> peers, PeerWork work, TimeSpan length, MarkdownReport markdown)
    {
        string name = work == PeerWork.Message ? "send, receive, end" : $"{work.ToString().ToLowerInvariant()} 256 B";
        var table = new Table(
            name, "outstanding", "operations/s", "p50 ms", "p99 ms", "server µs", "client µs", "Postgres µs",
            "to empty", "to Redis", "to etcd", "to rows");
        foreach (int callers in _callers)
        {
            List<PeerTurns> turns = await TakeAsync(peers, work, callers, length);
            PeerTurns?[] others =
            [
                turns.Find(t => t.Peer is RespPeer { IsRedis: true }),
                turns.Find(t => t.Peer is EtcdPeer),
                turns.Find(t => t.Peer is RowsPeer),
            ];
            double? empty = turns.Find(t => t.Peer is HttpPeer { IsEmpty: true })?.ServerMicrosecondsEach;
            foreach (PeerTurns turn in turns)
            {
                table.Add(
                [
                    turn.Peer.Name, $"{callers}", Figures.Rate(turn.PerSecond), Figures.Ms(turn.Ms(0.5)),
                    Figures.Ms(turn.Ms(0.99)), MsOrNone(turn.ServerMicrosecondsEach),
                    Figures.Ms(turn.ClientMicrosecondsEach), MsOrNone(turn.PostgresMicrosecondsEach),
                    empty is { } all && turn.Peer is HttpPeer or HttpClientPeer
                        ? Figures.Ratio(turn.ServerMicrosecondsEach!.Value / all)
                        : "",
                    .. others.Select(o => o is null ? "" : Figures.Ratio(turn.RatioTo(o))),
                ]);
                markdown.Add(turn.Peer.Name, work, turn.PerSecond);
            }
        }

        Console.WriteLine();
        table.Print();
    }

    private static string MsOrNone(double? value) => value is { } there ? Figures.Ms(there) : "";

    private static async Task<List<PeerTurns>> TakeAsync(
        List<Peer> peers, PeerWork work, int callers, TimeSpan length)
    {
        List<PeerTurns> turns = [];
        try
        {
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

            return turns;
        }
        finally
        {
            foreach (PeerTurns turn in turns)
            {
                await turn.Work.DisposeAsync();
            }
        }
    }
}
