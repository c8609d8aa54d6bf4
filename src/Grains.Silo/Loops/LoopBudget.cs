using Grains.Silo.Budgets;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Partitions;

namespace Grains.Silo.Loops;

/// <summary>What one loop has of the memory of its process: its state, and its share of what waits and grows.</summary>
/// <remarks>Loop only. What is taken for a batch is given back when that has ended, one way or the other.</remarks>
internal sealed class LoopBudget
{
    /// <summary>A stored entry costs more than its bytes in a record, by at most this and as much again.</summary>
    private const int _entryBytes = 512;
    private const int _entryBytesMax = 128 << 10;

    /// <summary>For what time brings: it is bounded by its own limits.</summary>
    private const int _ownBytes = 64 << 10;

    private readonly DataBudget _data;
    private readonly ByteShare _queues;
    private long _held;
    private long _reserved;
    private long _queued;

    public LoopBudget(PartitionRuntime runtime, long stateBytes)
    {
        _data = runtime.Data;
        _queues = runtime.Queues;
        _held = stateBytes;
        _data.Settle(stateBytes);
    }

    public static Refused NoMemory { get; } = new(
        Refusal.Overloaded, "The server has no memory left for this. Nothing was done; repeat in a moment.")
    {
        RetryAfterMs = 500,
    };

    /// <summary>
    /// What the batch may add. The largest piece of memory that it needs, its record, is found here, while nothing is
    /// decided. Null: there is none.
    /// </summary>
    public Room? TryReserve(PartitionMachine machine, List<Request> batch)
    {
        long wanted = _ownBytes;
        long record = 0;
        foreach (Request request in batch)
        {
            long bytes = ((Ticket)request.Ticket).SizeBytes;
            _queued += bytes;
            if (!request.Command.IsRead)
            {
                record += bytes;
                wanted += bytes + Math.Min(bytes, _entryBytesMax) + _entryBytes;
            }
        }

        Room room = _data.Reserve(wanted);
        _reserved = room.GrowthBytes;
        try
        {
            // What there is no room for is refused, but for what makes room: its record is found as it is written. A
            // record for each that is refused would be most of what a full server makes of garbage.
            machine.Prepare((int)Math.Min(Math.Min(record, room.GrowthBytes), int.MaxValue / 2));
        }
        catch (OutOfMemoryException)
        {
            return null;
        }

        // What was asked for is an estimate: it bounds the batch only where there is no more.
        return room.GrowthBytes == wanted ? room with { GrowthBytes = long.MaxValue } : room;
    }

    /// <summary>The batch has ended, and the partition holds so much.</summary>
    public void Settle(long stateBytes)
    {
        _data.Settle(stateBytes - _held - _reserved);
        _queues.Return(_queued);
        (_held, _reserved, _queued) = (stateBytes, 0, 0);
    }
}
