using System.Globalization;
using Npgsql;

namespace Grains.Journal.Postgres.Sessions;

/// <summary>What a connection finds on the other side, as far as answers hang on it.</summary>
internal sealed record ServerSettings(
    int VersionNumber,
    bool IsInRecovery,
    bool Fsync,
    bool FullPageWrites,
    string SynchronousCommit,
    string SynchronousStandbys,
    int AsynchronousStandbys,
    PostgresHistory History)
{
    // The timeline is read from the name of the WAL file being written: the control file is behind after a promotion.
    // Functions, not the views over them, whose planning alone took a new connection 10 ms.
    private const string _query = """
        SELECT current_setting('server_version_num')::int,
               pg_is_in_recovery(),
               current_setting('fsync')::bool,
               current_setting('full_page_writes')::bool,
               current_setting('synchronous_commit'),
               current_setting('synchronous_standby_names'),
               (SELECT count(*)::int FROM pg_stat_get_wal_senders() WHERE coalesce(sync_state, 'async') = 'async'),
               (SELECT system_identifier FROM pg_control_system()),
               CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_walfile_name(pg_current_wal_lsn()) END
        """;

    public bool IsSafe => Fsync && FullPageWrites && SynchronousCommit is "on" or "remote_apply";

    /// <summary>A promotion of one of them loses answered writes.</summary>
    public bool HasOnlyAsynchronousStandbys => AsynchronousStandbys > 0 && SynchronousStandbys.Length == 0;

    public static async Task<ServerSettings> ReadAsync(NpgsqlConnection connection)
    {
        await using NpgsqlCommand command = new(_query, connection);
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        string? wal = row.IsDBNull(8) ? null : row.GetString(8);
        long timeline = wal is null
            ? 0
            : long.Parse(wal.AsSpan(0, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return new ServerSettings(
            row.GetInt32(0),
            row.GetBoolean(1),
            row.GetBoolean(2),
            row.GetBoolean(3),
            row.GetString(4),
            row.GetString(5),
            row.GetInt32(6),
            new PostgresHistory(row.GetInt64(7), timeline));
    }

    /// <summary>Null, or why nothing may be written there; goes on after "Postgres at …".</summary>
    public string? Refuses(bool allowLossy, int versionMin)
    {
        if (VersionNumber / 10_000 < versionMin)
        {
            return $"is version {VersionNumber / 10_000}; this journal needs {versionMin} or later.";
        }

        if (IsInRecovery)
        {
            return "is a standby, or still recovering: it takes no writes. Name the primary, or all hosts.";
        }

        if (allowLossy || IsSafe)
        {
            return null;
        }

        return $"runs with {Weaknesses()}: a crash or a power cut would lose answered writes. "
            + "Turn it on there, or start with --allow-lossy.";
    }

    public string Weaknesses() => string.Join(", ", new[]
    {
        Fsync ? null : "fsync=off",
        FullPageWrites ? null : "full_page_writes=off",
        SynchronousCommit is "on" or "remote_apply" ? null : $"synchronous_commit={SynchronousCommit}",
    }.Where(w => w is not null));

    public string Durability(string place)
    {
        if (!IsSafe)
        {
            return $"Postgres at {place}, WITH {Weaknesses()}: A CRASH OR A POWER CUT LOSES ANSWERED WRITES";
        }

        string standbys = SynchronousStandbys.Length > 0
            ? $", and by its synchronous standbys ({SynchronousStandbys})"
            : HasOnlyAsynchronousStandbys
                ? "; ITS STANDBYS ARE ASYNCHRONOUS: PROMOTING ONE LOSES ANSWERED WRITES"
                : "";
        return $"Postgres at {place}, flushed by it before every answer{standbys}";
    }
}
