using Grains.Simulation.Tests.World;
using Grains.StateMachines.Ids;

namespace Grains.Simulation.Tests.Faults;

/// <summary>Brings the faults of a plan over a world, one after another, until it is told to stop.</summary>
internal sealed class Nemesis(SimWorld world)
{
    private FaultPlan Plan => world.Plan;

    private Random Random => world.Kernel.Random;

    public async Task RunAsync()
    {
        while (!world.IsHealing)
        {
            await world.DelayAsync(Random.Next(1, Plan.PauseMsBetween));
            SimServer[] alive = [.. world.Servers.Where(s => s.IsAlive)];
            if (alive.Length > 0 && !world.IsHealing)
            {
                Strike(alive[Random.Next(alive.Length)]);
            }
        }
    }

    private void Strike(SimServer server)
    {
        int clockWeight = Plan.ClockSkewMs > 0 ? 2 : 0;
        int drawn = Random.Next(
            Plan.CrashWeight + Plan.PauseWeight + Plan.StealWeight + Plan.HandOverWeight + Plan.LeaveWeight
                + clockWeight + 1);
        if ((drawn -= Plan.CrashWeight) < 0)
        {
            server.Crash();
        }
        else if ((drawn -= Plan.PauseWeight) < 0)
        {
            Pause(server);
        }
        else if ((drawn -= Plan.StealWeight) < 0)
        {
            server.Acquire(new PartitionId((uint)Random.Next(Plan.Partitions)));
        }
        else if ((drawn -= Plan.HandOverWeight) < 0)
        {
            HandOver(server);
        }
        else if ((drawn -= Plan.LeaveWeight) < 0)
        {
            server.Leave();
        }
        else if (drawn - clockWeight < 0)
        {
            server.Time.OffsetMs = Random.Next(-Plan.ClockSkewMs, Plan.ClockSkewMs + 1);
        }
    }

    /// <summary>
    /// In good order, to a server that reads ahead; now and then to the same one, as after a restart.
    /// </summary>
    private void HandOver(SimServer server)
    {
        SimServer[] others = [.. world.Servers.Where(s => s.IsAlive)];
        foreach (PartitionId partition in server.Loops.Keys.ToArray())
        {
            if (Random.Next(2) > 0)
            {
                others[Random.Next(others.Length)].TakeFrom(server, partition);
            }
        }
    }

    /// <summary>And often gives its partitions to others meanwhile, so that it comes back as a former owner.</summary>
    private void Pause(SimServer server)
    {
        if (server.Lane.IsPaused)
        {
            return;
        }

        world.Count("pauses");
        server.Lane.Pause();
        int lengthMs = Random.Next(5, 4_000);
        server.PausedMs += lengthMs;
        world.After(lengthMs, server.Lane.Resume);
        SimServer[] others = [.. world.Servers.Where(s => s.IsAlive && s != server && !s.Lane.IsPaused)];
        if (others.Length == 0)
        {
            return;
        }

        foreach (PartitionId partition in server.Loops.Keys.ToArray())
        {
            if (Random.Next(3) > 0)
            {
                SimServer other = others[Random.Next(others.Length)];
                world.After(Random.Next(1, 500), () => other.Acquire(partition));
            }
        }
    }
}
