using Grains.Faults.Tests.World;

namespace Grains.Faults.Tests.Nemesis;

/// <summary>Two servers do not reach each other for a while; the third and the database reach both.</summary>
internal sealed class LinkFault(ClusterWorld world, TimeSpan length)
    : Fault($"cut between two servers {length.TotalSeconds} s")
{
    public override IReadOnlyList<ServerProcess> Avoid(ServerProcess victim) => [victim, Other(victim)];

    public override async Task StrikeAsync(ServerProcess victim)
    {
        world.Cut(victim, Other(victim));
        await Task.Delay(length);
    }

    public override async Task RepairAsync(ServerProcess victim)
    {
        world.Heal();
        await world.RestartEndedAsync();
    }

    private ServerProcess Other(ServerProcess victim) => world.Servers.First(s => s != victim);
}
