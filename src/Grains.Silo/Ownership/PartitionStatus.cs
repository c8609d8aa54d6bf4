using Grains.Silo.Partitions;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Ownership;

/// <summary>How every partition is, for people: owners, epochs, revisions, what they hold.</summary>
public sealed class PartitionStatus(IGrainFactory grains, PartitionReadiness readiness)
{
    /// <summary>Partitions that this server has not seen served.</summary>
    public IReadOnlyList<PartitionId> Missing => readiness.Missing;

    /// <summary>Why the whole cluster pushes nothing and fires no timer; null = it does.</summary>
    public string? ClusterPause => readiness.Settings.Settings?.Paused;

    /// <summary>One report per partition, in order; a partition that gives none is Unowned, with the reason.</summary>
    public Task<PartitionReport[]> ReadAsync(CancellationToken cancel) =>
        Task.WhenAll((readiness.Settings.Slots?.Partitions ?? []).Select(p => ReadAsync(p, cancel)));

    /// <summary>One of them.</summary>
    public async Task<PartitionReport> ReadAsync(PartitionId partition, CancellationToken cancel)
    {
        try
        {
            return await grains.GetPartition(partition).Describe().WaitAsync(cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            return new PartitionReport { Partition = partition, Phase = PartitionPhase.Unowned, Trouble = e.Message };
        }
    }
}
