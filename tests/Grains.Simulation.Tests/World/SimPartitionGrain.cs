using System.Reflection;
using Grains.Silo.Loops;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;

namespace Grains.Simulation.Tests.World;

/// <summary>
/// What a server's router and hand-overs call where the real ones call a grain: it leads to whoever serves the
/// partition, or did until just now, late or not at all.
/// </summary>
internal sealed class SimPartitionGrain(PartitionId id, SimServer caller, SimWorld world) : IPartitionGrain
{
    private const int _activationMsMax = 5_000;
    private const int _lookMs = 5;

    public async Task<AnswerBatch> Execute(CommandBatch batch)
    {
        if (await FindAsync() is not { } loop)
        {
            return new AnswerBatch([.. batch.Commands.Select(_ => (Answer)new NotOwner(false, "Nobody owns it."))]);
        }

        bool isLost = IsLost();
        Answer[] answers = await TicketBatch.PostAsync(batch.Commands, loop.Post);
        return isLost ? throw new TimeoutException("The answer was lost.") : new AnswerBatch(answers);
    }

    public async Task<Answer> Wait(Command command, CancellationToken cancel) =>
        await FindAsync() is { } loop
            ? await loop.ExecuteAsync(command, cancel)
            : new NotOwner(false, "Nobody owns it.");

    /// <summary>Whom the caller takes for the owner acquires it, if nobody serves it.</summary>
    public async Task<PartitionReport> Activate()
    {
        await world.DelayAsync(world.Kernel.Random.Next(0, 5));
        if (IsLost())
        {
            throw new TimeoutException("It was lost on the way.");
        }

        SimServer? owner = world.Servers.Find(s => s.IsAlive && s.Name == caller.Owners.OwnerOf(id));
        for (int ms = 0; ms < _activationMsMax && !IsServed() && owner is not null; ms += _lookMs)
        {
            owner.Acquire(id);
            await world.DelayAsync(_lookMs);
        }

        return new PartitionReport
        {
            Partition = id, Phase = IsServed() ? PartitionPhase.Served : PartitionPhase.Unowned, Owner = owner?.Name,
        };
    }

    public Task<PartitionReport> Describe() => throw new NotSupportedException("Nobody asks it here.");

    private bool IsServed() => world.LoopsOf(id) is [{ Completion.IsCompleted: false }, ..];

    private bool IsLost() => !world.IsHealing && world.Kernel.Random.NextDouble() < world.Plan.LostAnswer;

    private async Task<PartitionLoop?> FindAsync()
    {
        await world.DelayAsync(world.Kernel.Random.Next(0, 5));
        return IsLost() ? throw new TimeoutException("The call was lost.") : world.Network.Choose(id);
    }
}

/// <summary>Orleans' factory, as far as it is asked here: the grain of a partition.</summary>
internal class SimGrains : DispatchProxy
{
    /// <summary>Copied, as to make one from nothing costs as much as a tenth of a run.</summary>
    private static readonly SimGrains _blank = (SimGrains)(object)Create<IGrainFactory, SimGrains>();

    private SimServer _caller = null!;
    private SimWorld _world = null!;

    public static IGrainFactory Of(SimServer caller, SimWorld world)
    {
        var grains = (SimGrains)_blank.MemberwiseClone();
        (grains._caller, grains._world) = (caller, world);
        return (IGrainFactory)(object)grains;
    }

    protected override object Invoke(MethodInfo? targetMethod, object?[]? args) =>
        args is [GrainId id]
            ? new SimPartitionGrain(PartitionKey.Parse(id.Key.ToString()), _caller, _world)
            : throw new NotSupportedException($"{targetMethod} is not played here.");
}
