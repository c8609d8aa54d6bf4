using Grains.Faults.Tests.World;

namespace Grains.Faults.Tests.Nemesis;

/// <summary>
/// One server does not reach the database for a while; the others do, and all servers reach each other.
/// </summary>
internal sealed class DatabaseLinkFault(ClusterWorld world, TimeSpan length)
    : Fault($"cut from Postgres {length.TotalSeconds} s")
{
    public override async Task StrikeAsync(ServerProcess victim)
    {
        world.CutFromPostgres(victim);
        await Task.Delay(length);
        world.Heal();
    }

    public override Task RepairAsync(ServerProcess victim) => world.RestartEndedAsync();
}
