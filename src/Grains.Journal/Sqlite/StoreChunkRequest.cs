using Grains.Journal.Log;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Sqlite;

/// <summary>One chunk of a checkpoint; false if its writer no longer owns the partition.</summary>
internal sealed class StoreChunkRequest(
    PartitionLog log, CheckpointPointer of, int number, ReadOnlyMemory<byte> chunk) : WriteRequest<bool>(log)
{
    public override int Bytes => chunk.Length;

    public override void Stage(FlushTransaction flush)
    {
        Outcome = Log.Owns(of.Epoch);
        if (Outcome)
        {
            flush.StoreChunk(Log.Partition, of.At.Revision, ChunkKey.Of(of.Id, number), chunk.Span);
        }
    }
}
