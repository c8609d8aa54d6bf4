using System.Text;
using System.Text.RegularExpressions;
using Grains.Journal.Postgres.Sessions;
using Npgsql;

namespace Grains.Journal.Postgres;

/// <summary>
/// Makes the tables of one schema, or says how: whichever server starts first does it, the others wait.
/// </summary>
public static partial class PostgresSchema
{
    internal const string NameRule = "use 1 to 63 of a-z, 0-9 and _, and no digit first";
    private const int _lockSeconds = 60;
    private const string _versions = "schema_version";

    /// <summary>
    /// On return every script is applied and recorded. Needs no right to create anything where that is so already.
    /// Safe from many servers at once.
    /// </summary>
    /// <exception cref="JournalUnavailableException">It cannot be done; the message says what to do.</exception>
    public static async Task ApplyAsync(
        string connectionString, string schema, IReadOnlyList<SchemaScript> scripts, CancellationToken cancel)
    {
        CheckName(schema);
        NpgsqlConnectionStringBuilder builder = new(connectionString)
        {
            Pooling = false,
            Enlist = false,
            ApplicationName = "grains/schema",
            CommandTimeout = 0,
        };
        builder.PicksPrimary();
        await using NpgsqlConnection connection = new(builder.ConnectionString);
        string doing = "connecting";
        try
        {
            await connection.OpenAsync(cancel);
            doing = "reading its versions";
            if (Missing(schema, await ReadVersionsAsync(connection, schema, cancel), scripts).Count == 0)
            {
                return;
            }

            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancel);
            doing = "waiting for another server that is at it";
            await RunAsync(connection, $"SET LOCAL lock_timeout = '{_lockSeconds}s'; {Lock(schema)}", cancel);
            doing = "creating the schema";
            await RunAsync(connection, Create(schema), cancel);
            Dictionary<string, int> recorded = await ReadVersionsAsync(connection, schema, cancel);
            foreach (SchemaScript script in Missing(schema, recorded, scripts))
            {
                doing = $"applying {script.Name} {script.Version}";
                await RunAsync(connection, script.Sql, cancel);
                await RunAsync(connection, Record(script), cancel);
            }

            await transaction.CommitAsync(cancel);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            throw new JournalUnavailableException(
                $"The tables of schema \"{schema}\" could not be made: {doing}, {e.Message}. "
                + (e is PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege }
                    ? "Let an administrator run what --print-schema prints, or grant the right to create them."
                    : "Nothing was changed."),
                e);
        }
    }

    /// <summary>
    /// The same as a script for psql, for users without the right to create: run as often as one likes, it does what is
    /// missing. With <c>-v grains_role=NAME</c> it also grants that role what a server needs.
    /// </summary>
    public static string Print(string schema, IReadOnlyList<SchemaScript> scripts)
    {
        CheckName(schema);
        StringBuilder text = new();
        text.AppendLine("-- For psql: creates what a server of Grains needs, or what is missing of it.");
        text.AppendLine("-- psql -v grains_role=NAME -f FILE also grants the role of the servers what they need.");
        text.AppendLine("\\set ON_ERROR_STOP on");
        text.AppendLine("BEGIN;");
        text.AppendLine("SET LOCAL client_min_messages = warning;");
        text.AppendLine(Lock(schema));
        text.AppendLine(Create(schema));
        foreach (SchemaScript script in InOrder(scripts))
        {
            text.AppendLine(
                $"SELECT NOT EXISTS (SELECT FROM {_versions} WHERE name = {Literal(script.Name)} "
                + $"AND version >= {script.Version}) AS missing \\gset");
            text.AppendLine("\\if :missing");
            text.AppendLine(script.Sql.TrimEnd().TrimEnd(';') + ";");
            text.AppendLine(Record(script));
            text.AppendLine("\\endif");
        }

        text.AppendLine("\\if :{?grains_role}");
        text.AppendLine($"GRANT USAGE ON SCHEMA \"{schema}\" TO :\"grains_role\";");
        text.AppendLine(
            $"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \"{schema}\" TO :\"grains_role\";");
        text.AppendLine("\\endif");
        text.AppendLine("COMMIT;");
        return text.ToString();
    }

    /// <summary>True for a name that means the same wherever it stands, and needs no escape.</summary>
    internal static bool IsName(string schema) => Name().IsMatch(schema);

    private static void CheckName(string schema)
    {
        if (!IsName(schema))
        {
            throw new ArgumentException($"\"{schema}\" cannot be the name of a schema: {NameRule}.", nameof(schema));
        }
    }

    /// <summary>In order, those above what is recorded.</summary>
    private static List<SchemaScript> Missing(
        string schema, Dictionary<string, int> recorded, IReadOnlyList<SchemaScript> scripts)
    {
        foreach (IGrouping<string, SchemaScript> part in scripts.GroupBy(s => s.Name))
        {
            int known = part.Max(s => s.Version);
            if (recorded.GetValueOrDefault(part.Key) is var found && found > known)
            {
                throw new JournalUnavailableException(
                    $"The tables \"{part.Key}\" of schema \"{schema}\" have version {found}; this server knows them "
                    + $"up to {known}. Start a newer version of the server, or name another schema. "
                    + "Nothing was changed.");
            }
        }

        return [.. InOrder(scripts).Where(s => s.Version > recorded.GetValueOrDefault(s.Name))];
    }

    private static IEnumerable<SchemaScript> InOrder(IReadOnlyList<SchemaScript> scripts) =>
        scripts.GroupBy(s => s.Name).SelectMany(part => part.OrderBy(s => s.Version));

    private static async Task<Dictionary<string, int>> ReadVersionsAsync(
        NpgsqlConnection connection, string schema, CancellationToken cancel)
    {
        Dictionary<string, int> versions = [];
        string table = $"\"{schema}\".{_versions}";
        await using (NpgsqlCommand exists = new($"SELECT to_regclass('{table}') IS NOT NULL", connection))
        {
            if (!(bool)(await exists.ExecuteScalarAsync(cancel))!)
            {
                return versions;
            }
        }

        await using NpgsqlCommand read =
            new($"SELECT name, max(version) FROM {table} GROUP BY name", connection);
        await using NpgsqlDataReader reader = await read.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            versions.Add(reader.GetString(0), reader.GetInt32(1));
        }

        return versions;
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static string Lock(string schema) =>
        $"DO $do$ BEGIN PERFORM pg_advisory_xact_lock(hashtextextended('grains schema {schema}', 0)); END $do$;";

    /// <summary>Asks for the right to create a schema only where there is none.</summary>
    private static string Create(string schema) => $"""
        DO $do$ BEGIN
            IF to_regnamespace('"{schema}"') IS NULL THEN CREATE SCHEMA "{schema}"; END IF;
        END $do$;
        SET LOCAL search_path TO "{schema}";
        CREATE TABLE IF NOT EXISTS {_versions} (
            name text NOT NULL, version integer NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (name, version));
        """;

    private static string Record(SchemaScript script) =>
        $"INSERT INTO {_versions} (name, version) VALUES ({Literal(script.Name)}, {script.Version});";

    private static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    [GeneratedRegex("^[a-z_][a-z0-9_]{0,62}$")]
    private static partial Regex Name();
}
