using Grains.Silo.Partitions;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Grains.Silo.Ownership;

/// <summary>A grain that is moved between servers as partitions are, and holds nothing.</summary>
[Alias("grains.warm-up")]
internal interface IWarmUpGrain : IGrainWithStringKey
{
    /// <summary>Where it is; and what a batch from another server costs to carry.</summary>
    [Alias("where"), ResponseTimeout("00:00:05")]
    Task<SiloAddress> Where(CommandBatch batch);

    /// <summary>Goes to that server when this call has ended.</summary>
    [Alias("move"), ResponseTimeout("00:00:05")]
    Task Move(SiloAddress to);

    [Alias("end"), ResponseTimeout("00:00:05")]
    Task End();
}

[GrainType("warm-up"), Reentrant, RandomPlacement]
internal sealed class WarmUpGrain(ILocalSiloDetails here) : Grain, IWarmUpGrain
{
    public Task<SiloAddress> Where(CommandBatch batch) => Task.FromResult(here.SiloAddress);

    public Task Move(SiloAddress to)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, to);
        this.MigrateOnIdle();
        return Task.CompletedTask;
    }

    public Task End()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }
}
