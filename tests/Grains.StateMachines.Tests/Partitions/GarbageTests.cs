using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Partitions;

namespace Grains.StateMachines.Tests.Partitions;

public class GarbageTests
{
    private const int _turns = 1_000;

    /// <summary>
    /// Its effects, its entry and its answer. Most batches of a server are that small: what a turn makes beside, each
    /// put pays for.
    /// </summary>
    private const long _putBytesMax = 512;

    [Fact]
    public void A_turn_that_decides_one_put_allocates_what_that_put_needs_and_no_more()
    {
        var machine = new PartitionMachine(new PartitionId(0), new MachineLimits());
        machine.ReplayEpoch(new Revision(1), new Epoch(1), 0, 0);
        machine.Open();
        Request[][] batches = [.. Enumerable.Range(1, 2 * _turns).Select(n => new Request[] { new(Put(n), new()) })];
        Run(machine, batches[.._turns]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(machine, batches[_turns..]);
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / _turns, 1, _putBytesMax);
    }

    private static void Run(PartitionMachine machine, Request[][] batches)
    {
        foreach (Request[] batch in batches)
        {
            machine.Decide(batch, Moment.At(1_000_000));
            machine.Commit();
        }
    }

    private static ChangeKey Put(int number) => new()
    {
        Id = new CommandId(1L << 40, number),
        Keyspace = new KeyspaceId(1),
        Action = new SetKey { Key = new Utf8Name($"key{number % 16}"), Value = new byte[256] },
    };
}
