using Grains.Journal.Images;
using Grains.Journal.Log;

namespace Grains.Journal.Memory;

/// <summary>Puts an image onto a disk that holds nothing, all of it or nothing.</summary>
public static class MemoryImport
{
    /// <inheritdoc cref="Segments.SegmentImport.RunAsync"/>
    public static async Task<ImageTotals> RunAsync(
        MemoryDisk disk, IAsyncEnumerable<ImagePart> parts, long nowMs, CancellationToken cancel)
    {
        ImageChecks checks = new();
        List<ImportedPartition> partitions = [];
        await foreach (ImagePart part in parts.Checked(checks, cancel))
        {
            switch (part)
            {
                case ImagePart.Begin begin:
                    partitions.Add(new ImportedPartition(begin));
                    break;
                case ImagePart.Chunk chunk:
                    partitions[^1].Chunks.Add(chunk.Bytes.ToArray());
                    break;
                case ImagePart.Entry entry:
                    partitions[^1].Add(entry.Record);
                    break;
                case ImagePart.End end:
                    ImagePart.Begin from = partitions[^1].Begin;
                    partitions[^1].Add(
                        HistoryFork.Mark(end.Tail, from.Epoch, from.Incarnation, nowMs, HistoryFork.Restored));
                    break;
            }
        }

        disk.Import(partitions);
        return checks.Totals;
    }
}

/// <summary>A partition on its way onto a disk.</summary>
internal sealed class ImportedPartition(ImagePart.Begin begin)
{
    private JournalTail _tail = begin.Checkpoint;

    public ImagePart.Begin Begin => begin;

    public List<byte[]> Chunks { get; } = [];

    /// <summary>The last is the marked epoch record.</summary>
    public List<FlushEntry> Records { get; } = [];

    public void Add(JournalRecord record)
    {
        Records.Add(new FlushEntry(
            begin.Partition, record.Kind, record.Epoch, record.First, record.Count, _tail.Chain, record.Chain,
            record.Payload.ToArray()));
        _tail = record.Tail;
    }
}
