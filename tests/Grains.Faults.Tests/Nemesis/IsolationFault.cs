using Grains.Faults.Tests.World;

namespace Grains.Faults.Tests.Nemesis;

/// <summary>A server reaches no other any more, only its clients; healed after a while.</summary>
/// <param name="alsoFromPostgres">So that it has nobody left to learn from that it is out.</param>
internal sealed class IsolationFault(ClusterWorld world, TimeSpan length, bool alsoFromPostgres) : ZombieFault(
    $"cut from all servers{(alsoFromPostgres ? " and Postgres" : "")} {length.TotalSeconds} s", length)
{
    protected override void Take(ServerProcess victim)
    {
        foreach (ServerProcess other in world.Servers.Where(s => s != victim))
        {
            world.Cut(victim, other);
        }

        if (alsoFromPostgres)
        {
            world.CutFromPostgres(victim);
        }
    }

    protected override void Release(ServerProcess victim) => world.Heal();
}
