using Grains.Faults.Tests.World;

namespace Grains.Faults.Tests.Nemesis;

/// <summary>A server reaches no other any more, only the database and its clients; healed after a while.</summary>
internal sealed class IsolationFault(ClusterWorld world, ClusterRun run, TimeSpan length)
    : ZombieFault($"cut from all servers {length.TotalSeconds} s", run, length)
{
    protected override void Take(ServerProcess victim)
    {
        foreach (ServerProcess other in world.Servers.Where(s => s != victim))
        {
            world.Cut(victim, other);
        }
    }

    protected override void Release(ServerProcess victim) => world.Heal();
}
