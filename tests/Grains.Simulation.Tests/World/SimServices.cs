using Grains.Silo.Ownership;
using Grains.StateMachines.Ids;

namespace Grains.Simulation.Tests.World;

/// <summary>What servers ask each other by address: here, only to read a partition ahead.</summary>
internal sealed class SimServices(SimWorld world) : IServerServiceClient
{
    public IServerService At(SiloAddress server) => new Service(
        world.Servers.Find(s => s.IsAlive && s.Address.Equals(server))
            ?? throw new TimeoutException($"{server} does not answer."), world);

    private sealed class Service(SimServer server, SimWorld world) : IServerService
    {
        public async Task<TimeSpan> Preload(PartitionId partition)
        {
            await world.DelayAsync(world.Kernel.Random.Next(0, 5));
            long begun = world.Kernel.NowTicks;
            await server.PreloadAsync(partition);
            return TimeSpan.FromTicks(world.Kernel.NowTicks - begun);
        }

        public Task Leaving(SiloAddress leaving) => Task.CompletedTask;

        public Task Returned(SiloAddress returned) => Task.CompletedTask;

        public Task<bool> ReachesJournal() => Task.FromResult(true);

        public Task SettingsChanged() => Task.CompletedTask;

        public Task<ServerReport> Describe() => throw new NotSupportedException("Nobody asks it here.");

        public Task<ServedPartitions> Serves() => throw new NotSupportedException("Nobody asks it here.");
    }
}
