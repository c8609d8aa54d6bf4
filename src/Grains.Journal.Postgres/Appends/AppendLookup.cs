using Grains.Journal.Postgres.Sessions;
using Grains.StateMachines.Ids;
using Npgsql;

namespace Grains.Journal.Postgres.Appends;

/// <summary>
/// Finds out what became of appends whose rows were not written now: written before, or fenced, and by whom.
/// </summary>
internal static class AppendLookup
{
    /// <summary>Gives each of them its outcome.</summary>
    public static async Task<bool> RunAsync(PostgresSession session, string schema, IReadOnlyList<AppendRequest> open)
    {
        AppendOutcome[] outcomes = new AppendOutcome[open.Count];
        await using (NpgsqlCommand command = Command(session, schema, open))
        await using (NpgsqlDataReader rows = await command.ExecuteReaderAsync())
        {
            for (int i = 0; await rows.ReadAsync(); i++)
            {
                outcomes[i] = Judge(open[i].Append, Read(rows), session.History);
            }
        }

        if (outcomes.Any(o => o.Status == AppendStatus.Durable))
        {
            await SeeDurableAsync(session);
        }

        string? warning = session.TakeWarning();
        for (int i = 0; i < outcomes.Length; i++)
        {
            open[i].End(warning is not null && outcomes[i].Status == AppendStatus.Durable
                ? new AppendOutcome(AppendStatus.Unknown, warning)
                : outcomes[i]);
        }

        return true;
    }

    /// <summary>
    /// A row that is seen is committed here, but perhaps not yet by the synchronous standby: the wait for it may have
    /// been cut short. A commit of our own, however small, waits for everything before it.
    /// </summary>
    public static async Task SeeDurableAsync(PostgresSession session)
    {
        await using NpgsqlCommand command =
            new("SELECT pg_logical_emit_message(true, 'grains', '')", session.Connection);
        await command.ExecuteNonQueryAsync();
    }

    private static NpgsqlCommand Command(
        PostgresSession session, string schema, IReadOnlyList<AppendRequest> open) => new($"""
        SELECT r.chain, p.epoch, p.owner, p.system_identifier, p.timeline, c.truncated_chain, n.last, n.chain
        FROM unnest($1, $2) WITH ORDINALITY AS a(partition, first, number)
        LEFT JOIN "{schema}".record r ON r.partition = a.partition AND r.first = a.first
        LEFT JOIN "{schema}".partition p ON p.partition = a.partition
        LEFT JOIN "{schema}".checkpoint c ON c.partition = a.partition
        LEFT JOIN LATERAL (
            SELECT n.last, n.chain FROM "{schema}".record n
            WHERE n.partition = a.partition ORDER BY n.first DESC LIMIT 1) n ON true
        ORDER BY a.number
        """, session.Connection)
    {
        Parameters =
        {
            new() { Value = open.Select(r => (long)r.Partition.Value).ToArray() },
            new() { Value = open.Select(r => r.Append.Expected.Revision.Value + 1).ToArray() },
        },
    };

    private static Found Read(NpgsqlDataReader row) => new(
        row.IsDBNull(0) ? null : ChainUuid.Read(row.GetGuid(0)),
        row.IsDBNull(1) ? default : new Epoch(row.GetInt64(1)),
        row.IsDBNull(2) ? "" : row.GetString(2),
        row.IsDBNull(3) ? default : new PostgresHistory(row.GetInt64(3), row.GetInt64(4)),
        row.IsDBNull(5) ? null : ChainUuid.Read(row.GetGuid(5)),
        row.IsDBNull(6)
            ? JournalTail.Empty
            : new JournalTail(new Revision(row.GetInt64(6)), ChainUuid.Read(row.GetGuid(7))));

    private static AppendOutcome Judge(JournalAppend append, Found found, PostgresHistory history)
    {
        UInt128 chain = append.Next.Chain;
        if (found.Chain == chain || found.TruncatedChain == chain)
        {
            return AppendOutcome.Durable;
        }

        string? why = found.Epoch != append.Epoch
            ? found.Epoch == default
                ? "it was never acquired"
                : $"the newest epoch is {found.Epoch}, acquired by \"{found.Owner}\", not {append.Epoch}"
            : found.History != history
                ? $"the history changed: {append.Epoch} was acquired in {found.History}, and this is {history}"
                : found.Newest != append.Expected
                    ? $"the newest record is {found.Newest}, not {append.Expected}"
                    : null;

        // Whatever stood in its way is gone again: only a repeat can tell.
        return why is null
            ? new AppendOutcome(
                AppendStatus.Unknown, $"Partition {append.Partition} changed while {append.Next.Revision} was tried.")
            : new AppendOutcome(
                AppendStatus.Fenced, $"Partition {append.Partition} did not take {append.Next.Revision}: {why}.");
    }

    private readonly record struct Found(
        UInt128? Chain,
        Epoch Epoch,
        string Owner,
        PostgresHistory History,
        UInt128? TruncatedChain,
        JournalTail Newest);
}
