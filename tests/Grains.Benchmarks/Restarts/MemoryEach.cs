using Grains.Benchmarks.Loads;
using Grains.Benchmarks.Machines;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.Benchmarks.Restarts;

/// <summary>What one key and one idle node take of the heap, in machines alone.</summary>
internal static class MemoryEach
{
    private const int _count = 1_000_000;
    private const int _partitions = 64;
    private const int _stateBytes = 16;

    public static double OfKey() => Measure(number => BenchmarkKeys.Put(BenchmarkKeys.Name(number)));

    public static double OfNode() => Measure(number => new PutState
    {
        Service = BenchmarkMessages.Service,
        Node = new Utf8Name($"node-{number:d6}"),
        State = new StateChange(new byte[_stateBytes], null),
    });

    private static double Measure(Func<int, Command> make)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        MachineOwner[] owners = [.. Enumerable.Range(0, _partitions).Select(p => new MachineOwner((uint)p))];
        foreach (int[] some in Enumerable.Range(0, _count).Chunk(1000))
        {
            owners[some[0] / 1000 % _partitions].Do([.. some.Select(make)]);
        }

        long after = GC.GetTotalMemory(forceFullCollection: true);
        GC.KeepAlive(owners);
        return (after - before) / (double)_count;
    }
}
