using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Grains.Silo.Telemetry;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Loops;

/// <summary>
/// The loops that run in this process. A command for one of them needs no grain call: the journal, not the path,
/// decides who owns a partition, and a loop that has lost it refuses.
/// </summary>
public sealed class LocalPartitions : IDisposable
{
    private readonly ServerGauges _gauges = new();
    private readonly ConcurrentDictionary<PartitionId, PartitionLoop> _loops = new();
    private readonly ConcurrentDictionary<PartitionId, int> _failures = new();

    /// <summary>Told after a loop was added or removed.</summary>
    public event Action<PartitionId>? Changed;

    public int Count => _loops.Count;

    public IReadOnlyCollection<PartitionLoop> All => [.. _loops.Values];

    /// <summary>What counts against the budgets, about a second old.</summary>
    public long StateBytes => _loops.Values.Sum(l => l.Figures.Last.Bytes);

    /// <summary>Those of a process: its metrics are about them.</summary>
    public static LocalPartitions OfProcess()
    {
        var local = new LocalPartitions();
        local.AddGauges();
        return local;
    }

    public void SetFormatLevel(int level)
    {
        foreach (PartitionLoop loop in _loops.Values)
        {
            loop.FormatLevel = level;
        }
    }

    public void SetPaused(bool isPaused)
    {
        foreach (PartitionLoop loop in _loops.Values)
        {
            loop.IsPaused = isPaused;
        }
    }

    public bool TryGet(PartitionId id, [NotNullWhen(true)] out PartitionLoop? loop) => _loops.TryGetValue(id, out loop);

    public void Add(PartitionLoop loop)
    {
        _loops[loop.Id] = loop;
        _failures.TryRemove(loop.Id, out _);
        Changed?.Invoke(loop.Id);
    }

    /// <summary>Removes exactly this loop: a newer one of the same partition stays.</summary>
    public void Remove(PartitionLoop loop)
    {
        _loops.TryRemove(KeyValuePair.Create(loop.Id, loop));
        Changed?.Invoke(loop.Id);
    }

    /// <summary>How often in a row now, since it ran here last.</summary>
    internal int RecoveryFailed(PartitionId id) => _failures.AddOrUpdate(id, 1, static (_, times) => times + 1);

    private void AddGauges()
    {
        Gauge("grains.queue.depth", l => l.QueueDepth, null, "Commands waiting, all partitions of this server.");
        Gauge(
            "grains.state.bytes", l => l.Figures.Last.Bytes, "By",
            "What counts against the budgets, all partitions of this server.");
        Gauge(
            "grains.outbox.entries", l => l.Figures.Last.OutboxEntries, null,
            "Messages on their way to other partitions.");
        _gauges.Add(
            "grains.outbox.lag", () => _loops.Values.Select(l => l.OutboxLag.TotalSeconds).DefaultIfEmpty().Max(), "s",
            "How long the oldest batch of messages on its way to another partition has been so.");
        _gauges.Add(
            "grains.clock.ahead", () => _loops.Values.Select(l => l.Figures.AheadMs / 1000.0).DefaultIfEmpty().Max(),
            "s",
            "By how much the newest record of a partition is ahead of this server's wall clock; the most of all.");
        _gauges.Add(
            "grains.timers.waiting", Timers, null, "Timers whose time has come and that cannot fire, by reason.");
    }

    private IEnumerable<Measurement<long>> Timers()
    {
        yield return Timers("zone", l => l.Figures.Last.TimersUnreadable);
        yield return Timers("message", l => l.Figures.Last.TimersHeld);
        yield return Timers("budget", l => l.Figures.Last.TimersWithoutRoom);
    }

    private Measurement<long> Timers(string reason, Func<PartitionLoop, long> count) =>
        new(_loops.Values.Sum(count), new KeyValuePair<string, object?>("reason", reason));

    private void Gauge(string name, Func<PartitionLoop, long> value, string? unit, string description) =>
        _gauges.Add(name, () => _loops.Values.Sum(value), unit, description);

    public void Dispose() => _gauges.Dispose();
}
