using System.Text;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Tests;

/// <summary>Reads a partition as facts that compare.</summary>
public static class Reading
{
    public static async Task<List<JournalRecord>> RecordsAsync(
        this IJournal journal, PartitionId partition, long from = 1)
    {
        List<JournalRecord> records = [];
        await foreach (JournalRecord record in journal.ReadAsync(partition, new Revision(from), CancellationToken.None))
        {
            records.Add(record);
        }

        return records;
    }

    /// <summary>"r2 e1 x" for each record; an epoch record reads "r1 e1 owner".</summary>
    public static async Task<string[]> LinesAsync(this IJournal journal, PartitionId partition, long from = 1) =>
        [.. (await journal.RecordsAsync(partition, from)).Select(Line)];

    /// <summary>Everything of each record, chain and payload included.</summary>
    public static async Task<string[]> BytesAsync(this IJournal journal, PartitionId partition, long from = 1) =>
        [.. (await journal.RecordsAsync(partition, from)).Select(r =>
            $"{r.Kind} {r.First} {r.Count} {r.Epoch} {r.Chain:x32} {Convert.ToHexString(r.Payload.Span)}")];

    public static async Task<string?> CheckpointTextAsync(this IJournal journal, PartitionId partition)
    {
        StoredCheckpoint? stored = await journal.ReadCheckpointAsync(partition, CancellationToken.None);
        if (stored is null)
        {
            return null;
        }

        List<string> chunks = [];
        await foreach (ReadOnlyMemory<byte> chunk in stored.Chunks)
        {
            chunks.Add(Encoding.UTF8.GetString(chunk.Span));
        }

        return $"{stored.At.Revision}: {string.Join('|', chunks)}";
    }

    private static string Line(JournalRecord record)
    {
        string text = record.Kind == JournalRecordKind.Epoch
            ? EpochRecord.Decode(record.Payload.Span).Owner
            : Encoding.UTF8.GetString(record.Payload.Span);
        string revisions = record.Count == 1 ? $"{record.First}" : $"{record.First}…{record.Last}";
        return $"{revisions} {record.Epoch} {text}";
    }
}
