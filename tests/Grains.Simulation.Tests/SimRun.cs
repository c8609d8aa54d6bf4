using Grains.Simulation.Tests.Checks;
using Grains.Simulation.Tests.Faults;
using Grains.Simulation.Tests.Planted;
using Grains.Simulation.Tests.Workload;
using Grains.Simulation.Tests.World;
using Grains.StateMachines.Ids;

namespace Grains.Simulation.Tests;

/// <summary>One seed: a time of faults, then healing, then everything drains and is checked.</summary>
internal sealed class SimRun
{
    private const long _stepsMax = 3_000_000;
    private const int _drainMsMax = 60_000;

    private readonly SimWorld _world;
    private readonly RunRecord _record;
    private bool _isOver;

    private SimRun(int seed, Plant plant)
    {
        _world = new SimWorld(seed, plant);
        _record = new RunRecord(() => _world.Kernel.NowNs);
    }

    public static RunResult Run(int seed, Plant? plant = null)
    {
        var run = new SimRun(seed, plant ?? Plant.Nothing);
        run._world.Spawn(run.LiveAsync);
        try
        {
            run._world.Kernel.RunUntil(() => run._isOver || run._world.Violations.Count > 0, _stepsMax);
        }
        catch (Exception e) when (e is TimeoutException or InvalidOperationException)
        {
            run._world.Violation($"no end: {e.Message}");
        }

        run._world.Servers.ForEach(s => s.Forget());

        return new RunResult(seed, run._world, run._record);
    }

    private async Task LiveAsync()
    {
        try
        {
            await LiveAndDieAsync();
        }
        catch (Exception e)
        {
            _world.Violation($"the run failed: {e}");
        }

        _isOver = true;
    }

    private async Task LiveAndDieAsync()
    {
        List<KeyClient> keyClients = [.. Enumerable.Range(1, 3).Select(i => new KeyClient(_world, _record, i))];
        List<Task> working = [.. keyClients.Select(c => c.RunAsync())];
        working.AddRange(Enumerable.Range(1, 3).Select(i => new Sender(_world, _record, i).RunAsync()));
        working.Add(new ExpiringKeyClient(_world).RunAsync());
        working.Add(new PastReader(_world, _record).RunAsync());
        var timed = new TimedClient(_world);
        working.Add(timed.RunAsync());
        working.Add(new Nemesis(_world).RunAsync());
        bool isDrained = false;
        List<Task> receiving =
        [
            .. Enumerable.Range(1, 4).Select(i => new Receiver(_world, _record, i).RunAsync(() => isDrained))
        ];
        Task keeping = _world.KeepAsync(() => _isOver);
        await _world.DelayAsync(_world.Plan.ChaosMs);
        _world.Heal();
        await Task.WhenAll(working);
        await DrainAsync();
        isDrained = true;
        await Task.WhenAll(receiving);
        foreach (PartitionId partition in _world.Partitions)
        {
            for (int key = 0; key < Names.Keys; key++)
            {
                await keyClients[0].ReadAsync(partition, $"k{key}");
            }
        }

        await timed.CheckAsync();
        await new PromptnessCheck(_world).RunAsync();
        var final = new FinalState(_world);
        await final.ReadAsync();
        await final.ReadRepliesAsync(_record);
        FinalChecks.Check(_world, _record, final);
        _world.Note($"{final.Effects.Count} {final.Dead.Count} {_world.Violations.Count} {keeping.IsCompleted}");
    }

    /// <summary>
    /// Until nothing waits, travels or is to expire. Attempts that went astray come to rest on the way.
    /// </summary>
    private async Task DrainAsync()
    {
        long begunTicks = _world.Kernel.NowTicks;
        await _world.DelayAsync(5_000);
        while (!IsDrained())
        {
            if (_world.Kernel.NowTicks - begunTicks > _drainMsMax * TimeSpan.TicksPerMillisecond)
            {
                _world.Violation($"it does not drain: {string.Join("; ", _world.Partitions.Select(Describe))}");
                return;
            }

            await _world.DelayAsync(100);
        }
    }

    /// <summary>
    /// At one moment for all: what is handed on between two looks is here no more for the one, and there not yet for
    /// the other.
    /// </summary>
    private bool IsDrained() => _world.Partitions.All(
        partition => _world.Healer!.Loops.ContainsKey(partition)
            && _world.Healer.Owned[partition].Machine is var machine
            && machine.Statistics is { OutboxEntries: 0, OpenDeliveries: 0 } statistics
            && (statistics.Messages == 0 || !FinalState.AnyWaits(machine)));

    private string Describe(PartitionId partition) =>
        _world.Healer!.Owned.TryGetValue(partition, out var owned)
            ? $"{owned.Machine.Statistics}"
            : $"{partition} has no owner";
}
