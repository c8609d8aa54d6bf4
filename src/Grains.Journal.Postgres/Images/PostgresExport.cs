using System.Runtime.CompilerServices;
using Grains.Journal.Images;
using Grains.Journal.Postgres.Checkpoints;
using Grains.Journal.Postgres.Records;
using Grains.Journal.Postgres.Sessions;
using Grains.StateMachines.Ids;
using Npgsql;

namespace Grains.Journal.Postgres.Images;

/// <summary>
/// Takes the image of a schema in one REPEATABLE READ transaction on a connection of its own: appends do not wait for
/// it, but what dies meanwhile is not vacuumed. Read in pages, so that a reader may take its time, up to a limit.
/// </summary>
internal sealed class PostgresExport(SessionFactory factory, PostgresJournalOptions options)
{
    /// <summary>A reader that takes nothing for so long has its transaction ended by Postgres.</summary>
    private const int _idleSecondsMax = 60;

    public async IAsyncEnumerable<ImagePart> RunAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        await using PostgresSession session = await factory.OpenAsync(SessionRole.Export, options.StatementMsMax);
        foreach (PartitionCut cut in await UseAsync(session, BeginAsync))
        {
            PartitionId id = cut.Begin.Partition;
            yield return cut.Begin;
            for (int i = 0; i < cut.Checkpoint?.Chunks; i++)
            {
                int number = i;
                (byte[] Payload, int Crc)? chunk = await UseAsync(
                    session, c => CheckpointReading.ChunkAsync(c, options.Schema, id, cut.Checkpoint, number));
                cancel.ThrowIfCancellationRequested();
                yield return new ImagePart.Chunk(CheckpointReading.Check(id, cut.Checkpoint, i, chunk));
            }

            RecordChecks checks = new(id, cut.Begin.Checkpoint);
            List<StoredRecord> page;
            do
            {
                page = await UseAsync(
                    session, c => RecordPages.PageAsync(c, options.Schema, id, checks.Before.Revision));
                foreach (StoredRecord stored in page)
                {
                    cancel.ThrowIfCancellationRequested();
                    yield return new ImagePart.Entry(checks.Check(stored));
                }
            }
            while (page.Count > 0);

            yield return new ImagePart.End(checks.Before);
        }
    }

    private async Task<List<PartitionCut>> BeginAsync(NpgsqlConnection connection)
    {
        await using NpgsqlCommand command = new($"""
            BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
            SET LOCAL idle_in_transaction_session_timeout = '{_idleSecondsMax}s';
            SELECT {CheckpointPointer.Columns}, partition, owner_epoch, incarnation
            FROM "{options.Schema}".checkpoint
            JOIN (SELECT partition, epoch AS owner_epoch, incarnation FROM "{options.Schema}".partition) p
            USING (partition)
            WHERE owner_epoch > 0 ORDER BY partition
            """, connection);
        List<PartitionCut> cuts = [];
        await using NpgsqlDataReader rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync())
        {
            PartitionId id = new((uint)rows.GetInt64(6));
            CheckpointPointer? checkpoint = CheckpointPointer.Read(id, rows);
            ImagePart.Begin begin = new(
                id, new Epoch(rows.GetInt64(7)), rows.GetInt64(8), checkpoint?.At ?? JournalTail.Empty);
            cuts.Add(new PartitionCut(begin, checkpoint));
        }

        return cuts;
    }

    private async Task<T> UseAsync<T>(PostgresSession session, Func<NpgsqlConnection, Task<T>> use)
    {
        try
        {
            return await session.RunAsync(() => use(session.Connection));
        }
        catch (Exception e) when (e is NpgsqlException or StatementTimeoutException)
        {
            throw new JournalUnavailableException(
                $"The image of Postgres at {factory.Place} broke off. {e.Message}", e);
        }
    }

    private sealed record PartitionCut(ImagePart.Begin Begin, CheckpointPointer? Checkpoint);
}
