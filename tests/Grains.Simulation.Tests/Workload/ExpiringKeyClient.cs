using Grains.Simulation.Tests.World;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;

namespace Grains.Simulation.Tests.Workload;

/// <summary>
/// Puts keys that live for a while, each once, and watches that none is gone before its time, nor there after it. Under
/// one owner time passes as it does, whatever its wall clock says; while there is none, it stands.
/// </summary>
internal sealed class ExpiringKeyClient(SimWorld world)
{
    /// <summary>Clocks count whole milliseconds.</summary>
    private const int _graceMs = 2;

    private readonly Caller _caller = new(world);
    private int _keys;

    public async Task RunAsync()
    {
        while (!world.IsHealing)
        {
            await WatchOneAsync();
        }
    }

    private async Task WatchOneAsync()
    {
        var partition = new PartitionId((uint)world.Kernel.Random.Next(world.Plan.Partitions));
        int ttlMs = world.Kernel.Random.Next(100, 3_000);
        var key = new Utf8Name($"t{++_keys}");
        long putNs = world.Kernel.NowNs;
        Outcome put = await _caller.CallAsync(
            partition, new PutKey { Keyspace = Names.Expiring, Key = key, Value = [1], TtlMs = ttlMs });
        long ackedNs = world.Kernel.NowNs;
        for (int reads = 0; put.Answer is KeyWritten && reads < 3; reads++)
        {
            await world.DelayAsync(world.Kernel.Random.Next(ttlMs));
            long askedNs = world.Kernel.NowNs;
            Outcome read = await _caller.CallAsync(partition, new GetKey { Keyspace = Names.Expiring, Key = key }, 500);
            long aliveMs = (world.Kernel.NowNs - putNs) / 1_000_000;
            world.Note($"ttl {key} {ttlMs} {aliveMs} {read.Answer}");

            // Asked for when its time was over under the one owner that it had, and its journal took the record of its
            // end.
            if (read.Answer is KeyFound && world.Plan.Rates.Refused == 0 && world.HadOneOwnerSince(partition, putNs)
                && ((askedNs - ackedNs) / 1_000_000) > ttlMs + _graceMs)
            {
                world.Violation(
                    $"key {key} of {partition} was to live {ttlMs} ms and was there after "
                    + $"{(askedNs - ackedNs) / 1_000_000} ms");
            }

            if (read.Answer is Refused { Code: Refusal.NotFound } && aliveMs + _graceMs < ttlMs)
            {
                world.Violation($"key {key} of {partition} was to live {ttlMs} ms and was gone after {aliveMs} ms");
            }
        }
    }
}
