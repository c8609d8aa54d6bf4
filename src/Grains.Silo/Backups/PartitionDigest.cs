using System.IO.Hashing;
using System.Runtime.CompilerServices;
using Grains.Journal;
using Grains.Journal.Images;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Checkpoints;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Partitions;

namespace Grains.Silo.Backups;

/// <summary>A partition's state, recovered and written out again: what it holds, and the sum over its bytes.</summary>
/// <param name="Partition">Which.</param>
/// <param name="Revision">Of its last record.</param>
/// <param name="Contents">Counted through.</param>
/// <param name="Checksum">XXH128 over the checkpoint that the state would make.</param>
public sealed record PartitionDigest(
    PartitionId Partition, Revision Revision, StateContents Contents, UInt128 Checksum);

/// <summary>
/// Recovers the partitions of an image one after the other, by the code that a server recovers them with.
/// </summary>
public static class ImageDigests
{
    /// <param name="parts">The image.</param>
    /// <param name="forkedAtMs">
    /// Null: as it is. Else as it is after an import that marked its epoch records at this time.
    /// </param>
    /// <param name="cancel">Ends it.</param>
    public static async IAsyncEnumerable<PartitionDigest> DigestsAsync(
        this IAsyncEnumerable<ImagePart> parts, long? forkedAtMs,
        [EnumeratorCancellation] CancellationToken cancel = default)
    {
        ImagePart.Begin begin = null!;
        PartitionMachine machine = null!;
        bool isRestored = false;
        await foreach (ImagePart part in parts.WithCancellation(cancel))
        {
            switch (part)
            {
                case ImagePart.Begin next:
                    (begin, isRestored) = (next, !next.HasCheckpoint);
                    machine = new PartitionMachine(next.Partition, new MachineLimits());
                    break;
                case ImagePart.Chunk chunk:
                    machine.RestoreChunk(chunk.Bytes.Span);
                    break;
                case ImagePart.Entry entry:
                    EndCheckpoint();
                    Replay(machine, entry.Record);
                    break;
                case ImagePart.End end:
                    EndCheckpoint();
                    if (forkedAtMs is { } nowMs)
                    {
                        Replay(machine, HistoryFork.Mark(
                            end.Tail, begin.Epoch, begin.Incarnation, nowMs, HistoryFork.Restored));
                    }

                    yield return Digest(machine);
                    break;
            }
        }

        void EndCheckpoint()
        {
            if (!isRestored)
            {
                machine.RestoreDone(begin.Checkpoint.Revision);
                isRestored = true;
            }
        }
    }

    private static void Replay(PartitionMachine machine, JournalRecord record)
    {
        if (record.Kind == JournalRecordKind.Epoch)
        {
            EpochRecord epoch = EpochRecord.Decode(record.Payload.Span);
            machine.ReplayEpoch(record.First, record.Epoch, epoch.Incarnation, epoch.AcquiredAtMs);
        }
        else
        {
            machine.Replay(record.First, record.Count, record.Payload.Span);
        }
    }

    private static PartitionDigest Digest(PartitionMachine machine)
    {
        StateSnapshot snapshot = machine.Capture();
        XxHash128 sum = new();
        foreach (ReadOnlyMemory<byte> chunk in snapshot.Chunks())
        {
            sum.Append(chunk.Span);
        }

        return new PartitionDigest(machine.Id, machine.Revision, snapshot.Count(), sum.GetCurrentHashAsUInt128());
    }
}
