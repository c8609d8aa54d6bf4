using Grains.Checkers.Witnesses;
using Grains.Silo.Partitions;
using Grains.Simulation.Tests.World;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;

namespace Grains.Simulation.Tests.Workload;

/// <summary>
/// Reads keys without asking for the newest: of any time, or not before a position that it knows. What it is given was
/// durable, and a position is never undercut, whoever answers.
/// </summary>
internal sealed class PastReader(SimWorld world, RunRecord record)
{
    private readonly Dictionary<PartitionId, Revision> _positions = [];

    private Random Random => world.Kernel.Random;

    public async Task RunAsync()
    {
        while (!world.IsHealing)
        {
            await ReadAsync(new PartitionId((uint)Random.Next(world.Plan.Partitions)), $"k{Random.Next(Names.Keys)}");
            await world.DelayAsync(Random.Next(0, 250));
        }
    }

    private async Task ReadAsync(PartitionId partition, string key)
    {
        Revision position = _positions.GetValueOrDefault(partition);
        bool isSession = Random.Next(2) == 0;
        var get = new GetKey
        {
            Keyspace = Names.Keyspace,
            Key = new Utf8Name(key),
            Consistency = isSession
                ? new ReadConsistency(ConsistencyLevel.Session, 0, position)
                : ReadConsistency.Stale,
        };
        long callNs = world.Kernel.NowNs;
        Answer? answer = await world.Network.AttemptAsync(partition, get, 1_000);
        if (answer is null or NotOwner)
        {
            return;
        }

        world.Count("reads of the past");
        if (isSession && answer.At < position)
        {
            world.Violation($"{partition} answered at {answer.At} who asked for at least {position}");
        }

        _positions[partition] = answer.At > position ? answer.At : position;
        if (answer is KeyFound found)
        {
            if (found.Entry.Version > answer.At)
            {
                world.Violation($"{partition} at {answer.At} showed {key} of {found.Entry.Version}");
            }

            record.Witnesses.Add(new Witness
            {
                Kind = WitnessKind.Stale,
                Partition = partition.Value,
                Revision = found.Entry.Version.Value,
                Key = key,
                Value = Names.Text(found.Entry.Value),
                CallNs = callNs,
                ReturnNs = world.Kernel.NowNs,
            });
        }
    }
}
