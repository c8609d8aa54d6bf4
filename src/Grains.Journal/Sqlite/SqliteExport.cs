using System.Runtime.CompilerServices;
using Grains.Journal.Images;
using Grains.Journal.Log;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Sqlite;

/// <summary>
/// Takes the image of a folder in one read transaction on a connection of its own: the writer does not wait for it, but
/// the WAL cannot begin anew before it ends.
/// </summary>
internal static class SqliteExport
{
    public static async IAsyncEnumerable<ImagePart> RunAsync(
        string path, [EnumeratorCancellation] CancellationToken cancel)
    {
        using RowConnection connection = new(path);
        connection.Database.Execute("BEGIN");
        JournalOpening opening = new(connection.Database);
        await Task.Run(opening.Run, cancel);
        foreach (PartitionLog log in opening.Logs.Values.OrderBy(l => l.Partition))
        {
            foreach (ImagePart part in Partition(connection, log))
            {
                cancel.ThrowIfCancellationRequested();
                yield return part;
            }
        }
    }

    private static IEnumerable<ImagePart> Partition(RowConnection connection, PartitionLog log)
    {
        if (log.TailDamage is { } damage)
        {
            throw damage.Exception();
        }

        JournalTail checkpoint = log.Checkpoint?.At ?? JournalTail.Empty;
        yield return new ImagePart.Begin(log.Partition, log.Ownership.Epoch, log.Ownership.Incarnation, checkpoint);
        for (int i = 0; i < log.Checkpoint?.Chunks; i++)
        {
            long key = ChunkKey.Of(log.Checkpoint.Id, i);
            byte[]? stored = connection.Chunk(key);
            if (SealedBytes.Check(key, stored, out ReadOnlySpan<byte> _) is { } what)
            {
                throw new JournalDamagedException(
                    log.Partition, checkpoint.Revision, $"chunk {i} of its checkpoint cannot be read: {what}.");
            }

            yield return new ImagePart.Chunk(stored.AsMemory(SealedBytes.HeadBytes));
        }

        Revision through = log.Tail.Revision;
        foreach (JournalRecord record in LogReading.Read(log, checkpoint.Revision.Next, through, connection.Read))
        {
            yield return new ImagePart.Entry(record);
        }

        yield return new ImagePart.End(log.Tail);
    }
}
