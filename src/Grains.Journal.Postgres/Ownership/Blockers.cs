using Grains.Journal.Postgres.Sessions;
using Npgsql;

namespace Grains.Journal.Postgres.Ownership;

/// <summary>
/// Ends what holds up an acquire: appends and housekeeping of servers of ours. Whatever epoch they have, it is older
/// than the one that is being acquired; other acquires and other programs are left alone.
/// </summary>
internal static class Blockers
{
    private static readonly string[] _ended =
        [ApplicationName.PrefixOf(SessionRole.Append) + "%", ApplicationName.PrefixOf(SessionRole.Keep) + "%"];

    /// <returns>Who stands in the way of a process, in words.</returns>
    public static async Task<List<Blocker>> EndAsync(NpgsqlConnection connection, int processId)
    {
        await using NpgsqlCommand command = new("""
            SELECT a.pid, a.application_name,
                   CASE WHEN a.application_name LIKE ANY ($2) THEN pg_terminate_backend(a.pid) ELSE false END
            FROM pg_stat_activity a WHERE a.pid = ANY (pg_blocking_pids($1))
            """, connection)
        {
            Parameters = { new() { Value = processId }, new() { Value = _ended } },
        };
        List<Blocker> blockers = [];
        await using NpgsqlDataReader rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync())
        {
            blockers.Add(new Blocker(rows.GetInt32(0), rows.IsDBNull(1) ? "" : rows.GetString(1), rows.GetBoolean(2)));
        }

        return blockers;
    }
}

/// <summary>A backend that another one waits for.</summary>
internal sealed record Blocker(int ProcessId, string ApplicationName, bool WasEnded)
{
    public override string ToString() =>
        $"process {ProcessId} ({ApplicationName}){(WasEnded ? ", which was told to end" : "")}";
}
