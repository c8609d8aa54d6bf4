using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Grains.Samples.WordCount;

/// <summary>One run: declare, send the lines, let the worker count, kill both meanwhile, compare.</summary>
internal sealed class WordCountRun(Options options)
{
    private const int _wordsPerMessageMax = 40;
    private const int _sendsAtOnce = 16;
    private static readonly TimeSpan _pollPeriod = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _stallMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _quiet = TimeSpan.FromSeconds(3);

    private readonly Progress _progress = new();
    private Milestones _serverKills = null!;
    private Milestones _workerKills = null!;
    private Milestones _stops = null!;
    private int _sent;

    public async Task<int> RunAsync(CancellationToken stop)
    {
        IReadOnlyList<string> lines = Words.ReadLines(options.File);
        Dictionary<string, long> expected = Words.Count(lines);
        IReadOnlyList<string> messages = [.. lines.SelectMany(Pieces)];
        if (expected.Keys.FirstOrDefault(word => word.Length > Words.LengthMax) is { } longWord)
        {
            throw new WordCountException(
                $"{options.File} has a word of {longWord.Length} letters; a node id has room for {Words.LengthMax}.");
        }

        _serverKills = new Milestones(
            new Random(options.Seed), options.Servers.Count == 0 ? options.Kills : 0, messages.Count);
        _workerKills = new Milestones(new Random(options.Seed + 1), options.Kills, messages.Count);
        _stops = new Milestones(new Random(options.Seed + 2), options.Stops, messages.Count);
        Console.WriteLine(
            $"{options.File}: {messages.Count} messages, {expected.Values.Sum()} words, {expected.Count} different; "
            + $"{options.Kills} kills, seed {options.Seed}");
        var took = Stopwatch.StartNew();
        using ServerChild? ownServer = options.Servers.Count == 0 ? new ServerChild() : null;
        IReadOnlyList<Uri> servers = ownServer is null ? options.Servers : [ownServer.Url];
        using var api = new Api(servers);
        await (ownServer?.StartAsync(stop) ?? RequireUnusedAsync(api, stop));
        await DeclareAsync(api, stop);

        string workerLog = Path.GetTempFileName();
        using var worker = new ChildProcess(
            [typeof(Worker).Assembly.Location, "--worker", .. servers.SelectMany(s => new[] { "--url", s.ToString() })],
            workerLog);
        using var sending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task sender = SendAsync(api, messages, sending.Token);
        try
        {
            worker.Start();
            await WatchAsync(api, ownServer, worker, sender, messages.Count, expected.Values.Sum(), stop);
            return await ReportAsync(await ReadCountsAsync(api, stop), expected, took.Elapsed);
        }
        finally
        {
            await sending.CancelAsync();
            await sender.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            worker.Kill();
            File.Delete(workerLog);
        }
    }

    private static async Task RequireUnusedAsync(Api api, CancellationToken stop)
    {
        List<string?> used =
        [
            .. (await api.GetAsync("/v1/services", stop)).GetProperty("services").EnumerateArray()
                .Select(s => s.GetProperty("name").GetString()).Where(s => s is Names.Lines or Names.Words),
            .. (await api.GetAsync("/v1/keyspaces", stop)).GetProperty("keyspaces").EnumerateArray()
                .Select(k => k.GetProperty("name").GetString()).Where(k => k is Names.Counts),
        ];
        if (used.Count > 0)
        {
            throw new WordCountException(
                $"The server already has {string.Join(", ", used)}. "
                + $"If they are of an earlier run, DELETE /v1/services/{Names.Lines}, /v1/services/{Names.Words} "
                + $"and /v1/keyspaces/{Names.Counts}.");
        }
    }

    /// <summary>
    /// The lease is short: what a killed worker held comes back soon. Attempts are many: kills are no fault of a line.
    /// </summary>
    private static async Task DeclareAsync(Api api, CancellationToken stop)
    {
        var service = new { retry = new { attempts = 1000, backoff = "50ms" }, lease = "2s" };
        await api.DeclareAsync($"/v1/services/{Names.Lines}", service, stop);
        await api.DeclareAsync($"/v1/services/{Names.Words}", service, stop);
        await api.DeclareAsync($"/v1/keyspaces/{Names.Counts}", new { layout = "spread" }, stop);
    }

    /// <summary>A line, or a very long line in parts, so that no commit has more sends than it may.</summary>
    private static IEnumerable<string> Pieces(string line) =>
        Words.Split(line).Chunk(_wordsPerMessageMax).Select(words => string.Join(' ', words));

    private async Task SendAsync(Api api, IReadOnlyList<string> messages, CancellationToken stop)
    {
        var bounded = new ParallelOptions { MaxDegreeOfParallelism = _sendsAtOnce, CancellationToken = stop };
        await Parallel.ForEachAsync(Enumerable.Range(0, messages.Count), bounded, async (i, cancelled) =>
        {
            await _serverKills.PassAsync(i, cancelled);
            await _workerKills.PassAsync(i, cancelled);
            await _stops.PassAsync(i, cancelled);
            await api.SendAsync(Names.Lines, Names.Page(i), messages[i], $"{options.Seed}-{i}", cancelled);
            Interlocked.Increment(ref _sent);
        });
    }

    /// <summary>Kills when it is time to, and returns when nothing is left to do.</summary>
    private async Task WatchAsync(
        Api api,
        ServerChild? ownServer,
        ChildProcess worker,
        Task sender,
        int messages,
        long words,
        CancellationToken stop)
    {
        long counted = -1;
        var unchanged = Stopwatch.StartNew();
        while (true)
        {
            if (sender.IsFaulted)
            {
                await sender;
            }

            long now = (await ReadCountsAsync(api, stop)).Values.Sum();
            if (now != counted)
            {
                unchanged.Restart();
                counted = now;
            }

            _progress.Show($"{_sent}/{messages} messages sent, {counted}/{words} words counted, "
                + $"server killed {_serverKills.Done}, worker killed {_workerKills.Done}");
            int stopped = _stops.Done;
            if (await DisturbAsync(ownServer, worker, messages, counted, stop))
            {
                if (_stops.Done > stopped)
                {
                    unchanged.Restart();
                }

                continue;
            }

            bool idle = sender.IsCompleted && await IsIdleAsync(api, stop);
            if (idle && (counted == words || unchanged.Elapsed > _quiet))
            {
                break;
            }

            if (unchanged.Elapsed > _stallMax)
            {
                throw new WordCountException(
                    $"Nothing was counted for {_stallMax.TotalSeconds} s. The worker said:\n{worker.LogTail()}");
            }

            // One that was reached and is not due waits for something to be counted: looked at again, not waited for.
            Task[] reached =
            [
                .. new[] { _serverKills, _workerKills, _stops }.Select(m => m.Reached).Where(r => !r.IsCompleted)
            ];
            await Task.WhenAny([Task.Delay(_pollPeriod, stop), .. reached]);
            stop.ThrowIfCancellationRequested();
        }

        _progress.End();
    }

    /// <summary>Kills, stops or starts again what is due, one thing at a time.</summary>
    /// <returns>False: nothing is.</returns>
    private async Task<bool> DisturbAsync(
        ServerChild? ownServer, ChildProcess worker, int messages, long counted, CancellationToken stop)
    {
        if (ownServer is not null && _serverKills.IsDue(counted))
        {
            ownServer.Kill();
            _serverKills.Pass(counted);
            await ownServer.StartAsync(stop);
        }
        else if (_workerKills.IsDue(counted))
        {
            worker.Kill();
            _workerKills.Pass(counted);
            worker.Start();
        }
        else if (_stops.IsDue(counted))
        {
            _progress.End();
            Console.WriteLine(
                $"stop {_stops.Done + 1} of {options.Stops}: {_sent} of {messages} messages sent; Enter goes on");
            await Console.In.ReadLineAsync(stop);
            _stops.Pass(counted);
        }
        else if (worker.HasExited)
        {
            worker.Kill();
            worker.Start();
        }
        else
        {
            return false;
        }

        return true;
    }

    private static async Task<bool> IsIdleAsync(Api api, CancellationToken stop)
    {
        foreach (string service in new[] { Names.Lines, Names.Words })
        {
            List<JsonElement> nodes = await api.ListAsync($"/v1/services/{service}/nodes", "nodes", stop);
            if (nodes.Any(n => n.GetProperty("waiting").GetInt64() + n.GetProperty("delivered").GetInt64() > 0))
            {
                return false;
            }
        }

        return true;
    }

    private static async Task<Dictionary<string, long>> ReadCountsAsync(Api api, CancellationToken stop) =>
        (await api.ListAsync($"/v1/keyspaces/{Names.Counts}/keys?values=true", "keys", stop)).ToDictionary(
            key => Names.Word(key.GetProperty("key").GetString()!),
            key => long.Parse(
                Encoding.UTF8.GetString(key.GetProperty("value").GetBytesFromBase64()), CultureInfo.InvariantCulture),
            StringComparer.Ordinal);

    private async Task<int> ReportAsync(
        Dictionary<string, long> counted, Dictionary<string, long> expected, TimeSpan took)
    {
        Dictionary<string, long>? bySystem = await Words.CountBySystemAsync(options.File);
        List<string> differences = [.. Differences(counted, expected, "this program")];
        if (bySystem is not null)
        {
            differences.AddRange(Differences(counted, bySystem, "tr, sort and uniq"));
        }

        differences.ForEach(Console.WriteLine);
        Console.WriteLine(
            $"{counted.Values.Sum()} words, {counted.Count} different, {differences.Count} differences from "
            + $"{(bySystem is null ? "a plain count (this system has no tr, sort, uniq)" : "tr | sort | uniq -c")}; "
            + $"server killed {_serverKills.Done} times, worker {_workerKills.Done} times; "
            + $"{took.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s");
        return differences.Count == 0 ? 0 : 1;
    }

    private static IEnumerable<string> Differences(
        Dictionary<string, long> counted, Dictionary<string, long> expected, string by) =>
        counted.Keys.Union(expected.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Where(word => counted.GetValueOrDefault(word) != expected.GetValueOrDefault(word))
            .Select(
                word => $"{word}: {counted.GetValueOrDefault(word)} counted, {expected.GetValueOrDefault(word)} by "
                    + $"{by}");
}
