using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Partitions;

/// <summary>
/// The loops that run in this process. A command for one of them needs no grain call: the journal, not the path,
/// decides who owns a partition, and a loop that has lost it refuses.
/// </summary>
public sealed class LocalPartitions
{
    private readonly ConcurrentDictionary<PartitionId, PartitionLoop> _loops = new();

    public LocalPartitions() =>
        GrainsMeter.Instance.CreateObservableGauge(
            "grains.queue.depth", () => _loops.Values.Sum(l => (long)l.QueueDepth), null, "Commands waiting, all partitions.");

    /// <summary>Told after a loop was added or removed.</summary>
    public event Action<PartitionId>? Changed;

    public int Count => _loops.Count;

    public bool TryGet(PartitionId id, [NotNullWhen(true)] out PartitionLoop? loop) => _loops.TryGetValue(id, out loop);

    public void Add(PartitionLoop loop)
    {
        _loops[loop.Id] = loop;
        Changed?.Invoke(loop.Id);
    }

    /// <summary>Removes exactly this loop: a newer one of the same partition stays.</summary>
    public void Remove(PartitionLoop loop)
    {
        _loops.TryRemove(KeyValuePair.Create(loop.Id, loop));
        Changed?.Invoke(loop.Id);
    }
}
