using System.Diagnostics;
using System.Globalization;
using Grains.Faults.Tests.Workload;
using Grains.Faults.Tests.World;
using Xunit.Abstractions;

namespace Grains.Faults.Tests;

/// <summary>
/// Both errors of failure detection, measured: how long a pause may be before a server is taken for dead, and whether
/// one is that only has little of a busy machine. For the soak; they take long and assert little.
/// </summary>
[Trait(OneAtATime.Machine, OneAtATime.Alone)]
[Collection(ClusterFixture.Name)]
public class EvictionTests(ClusterFixture cluster, ITestOutputHelper output)
{
    private const int _shortestSureMs = 500;
    private const int _longestSureMs = 6_000;
    private static readonly int[] _pausesMs = [_shortestSureMs, 1_000, 2_000, 2_500, 3_000, 4_000, _longestSureMs];
    private static readonly TimeSpan _untilItShows = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _untilItKnows = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _loadLength = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _pollPeriod = TimeSpan.FromMilliseconds(50);

    [SkippableFact]
    public async Task A_short_pause_of_a_server_evicts_it_never_and_a_long_one_always()
    {
        int times = Seed.Count("GRAINS_PAUSES", 0);
        Skip.If(times == 0, "the curve of evictions is for the soak: GRAINS_PAUSES says how often each pause is tried");
        int seed = Seed.Next();
        output.WriteLine(Seed.Repeat(seed, nameof(EvictionTests), $"GRAINS_PAUSES={times}"));
        ClusterWorld world = await cluster.TakeAsync();
        await using var run = new ClusterRun(seed, world);
        await run.DeclareAsync();
        await run.StartAsync();
        var random = new Random(seed);
        var evicted = new Dictionary<int, int>();
        foreach (int pauseMs in _pausesMs)
        {
            evicted[pauseMs] = 0;
            for (int i = 0; i < times; i++)
            {
                evicted[pauseMs] += await PauseAsync(
                    world, run.View, world.Servers[random.Next(world.Servers.Count)], pauseMs)
                    ? 1
                    : 0;
                await run.Probes.AllSucceedAsync(LoadRecord.NowNs(), _untilItKnows);
            }
        }

        string curve = string.Join(", ", evicted.Select(
            e => string.Create(CultureInfo.InvariantCulture, $"{e.Key / 1000.0} s {e.Value}/{times}")));
        output.WriteLine($"figures: servers evicted by pauses of {curve}");
        (await run.FinishAsync()).MustBeClean(world.LogTails());
        Assert.True(evicted[_shortestSureMs] == 0 && evicted[_longestSureMs] == times, curve);
        cluster.GiveBack();
    }

    [SkippableFact]
    public async Task No_server_is_taken_for_dead_while_all_processors_are_busy()
    {
        int minutes = Seed.Count("GRAINS_IDLE_MINUTES", 0);
        Skip.If(minutes == 0, "false deaths are for the soak: GRAINS_IDLE_MINUTES says how long nothing is to happen");
        int seed = Seed.Next();
        output.WriteLine(Seed.Repeat(seed, nameof(EvictionTests), $"GRAINS_IDLE_MINUTES={minutes}"));
        ClusterWorld world = await cluster.TakeAsync();
        await using var run = new ClusterRun(seed, world);
        await run.DeclareAsync();
        await run.StartAsync();
        await Task.Delay(_loadLength);
        await run.QuietenAsync();
        IReadOnlyList<PartitionPlace> before = await run.View.PartitionsAsync();
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(minutes));
        Thread[] spinners = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Spin(stop.Token))];
        while (!stop.IsCancellationRequested && world.Servers.All(s => s.IsRunning))
        {
            await Task.Delay(_pollPeriod);
        }

        await stop.CancelAsync();
        Array.ForEach(spinners, s => s.Join());
        IReadOnlyList<PartitionPlace> after = await run.View.PartitionsAsync();
        int dead = world.Servers.Count(s => !s.IsRunning);
        int acquired = after.Count(a => before.First(b => b.Partition == a.Partition).Epoch != a.Epoch);
        output.WriteLine(
            $"figures: {minutes} min with {spinners.Length} processors busy: {dead} false deaths, {acquired} "
            + "partitions acquired again; "
            + $"failed calls: {run.Probes.Tally.Failures()} in {run.Probes.Tally.Calls}");
        (await run.FinishAsync()).MustBeClean(world.LogTails());
        Assert.True(
            dead == 0 && acquired == 0,
            $"{dead} false deaths, {acquired} partitions acquired again\n{world.LogTails()}");
        cluster.GiveBack();
    }

    /// <returns>Whether others took its partitions; then it finds out, ends, and is started again.</returns>
    private static async Task<bool> PauseAsync(ClusterWorld world, ClusterView view, ServerProcess victim, int pauseMs)
    {
        victim.Freeze();
        await Task.Delay(pauseMs);
        victim.Thaw();
        bool isEvicted = await IsTrueWithinAsync(
            _untilItShows, async () => !ClusterView.Counts(await view.PartitionsAsync()).ContainsKey(victim.Name));
        if (isEvicted && await IsTrueWithinAsync(_untilItKnows, () => Task.FromResult(!victim.IsRunning)))
        {
            await world.RestartEndedAsync();
            await view.SettleAsync(world.Servers.Count, _untilItKnows);
        }

        return isEvicted;
    }

    private static async Task<bool> IsTrueWithinAsync(TimeSpan deadline, Func<Task<bool>> condition)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < deadline; await Task.Delay(_pollPeriod))
        {
            if (await condition())
            {
                return true;
            }
        }

        return false;
    }

    private static Thread Spin(CancellationToken stop)
    {
        var thread = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
            }
        });
        thread.Start();
        return thread;
    }
}
