using Grains.Silo.Partitions;
using Grains.Simulation.Tests.World;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;

namespace Grains.Simulation.Tests.Workload;

/// <summary>
/// A front end for one client: names each command, repeats it under that name, and says what is known in the end. It
/// keeps the rules of the router, and is harsher: an attempt may go astray and come to a partition long after.
/// </summary>
internal sealed class Caller(SimWorld world)
{
    private readonly bool _isRouted = world.Kernel.Random.NextDouble() < world.Plan.RoutedClients;
    private long _incarnation = NewIncarnation(world);
    private long _number;

    private Random Random => world.Kernel.Random;

    /// <returns>The answer; or null and whether it may have happened.</returns>
    public async Task<Outcome> CallAsync(PartitionId partition, Command command, int deadlineMs = 6_000)
    {
        if (_isRouted)
        {
            return await CallByRouterAsync(partition, command, deadlineMs);
        }

        bool isNamed = !command.IsRead;
        command = isNamed ? command with { Id = new CommandId(_incarnation, ++_number) } : command;
        long endsTicks = world.Kernel.NowTicks + (deadlineMs * TimeSpan.TicksPerMillisecond);
        bool isAstray = false;
        bool mayHaveHappened = false;
        while (world.Kernel.NowTicks < endsTicks)
        {
            if (isNamed && !world.IsHealing && Random.NextDouble() < world.Plan.RepeatedCommand)
            {
                Command repeated = command;
                isAstray = true;
                world.Count("commands repeated");
                world.After(Random.Next(0, 2_000), () => _ = world.Network.AttemptAsync(partition, repeated, 100));
            }

            Answer? answer = await world.Network.AttemptAsync(partition, command, Random.Next(50, 1_500));
            switch (answer)
            {
                case null:
                    isAstray = true;
                    break;
                case NotOwner lost:
                    mayHaveHappened |= lost.MayHaveHappened;
                    break;
                case Refused { Code: Refusal.CommandTooOld }:
                    _incarnation = NewIncarnation(world);
                    _number = 0;
                    return new Outcome(null, true);
                case Refused when isAstray && isNamed && !world.Plant.BelievesRefusals:
                    // What is refused leaves no trace under its name: the attempt that went astray may still come.
                    return new Outcome(null, true);
                case Refused { Code: Refusal.NotStored or Refusal.Overloaded }:
                    return new Outcome(null, false);
                default:
                    return new Outcome(answer, true);
            }

            await world.DelayAsync(Random.Next(5, 150));
            if (world.Plant.NamesRepeatsAnew && isNamed)
            {
                command = command with { Id = new CommandId(_incarnation, ++_number) };
            }
        }

        return new Outcome(null, isAstray || mayHaveHappened);
    }

    private async Task<Outcome> CallByRouterAsync(PartitionId partition, Command command, int deadlineMs)
    {
        await world.DelayAsync(Random.Next(0, 5));
        SimServer[] alive = [.. world.Servers.Where(s => s.IsAlive)];
        return alive.Length == 0
            ? new Outcome(null, false)
            : await alive[Random.Next(alive.Length)].CallAsync(partition, command, 4 * deadlineMs);
    }

    private static long NewIncarnation(SimWorld world) =>
        CommandId.NewIncarnation(
            1_767_225_600_000 + (world.Kernel.NowTicks / TimeSpan.TicksPerMillisecond), world.Kernel.Random);
}

/// <summary>What a client knows of a command.</summary>
/// <param name="Answer">Null: there was none.</param>
/// <param name="MayHaveHappened">Where there was no answer: whether it may have taken effect, now or later.</param>
internal readonly record struct Outcome(Answer? Answer, bool MayHaveHappened);
