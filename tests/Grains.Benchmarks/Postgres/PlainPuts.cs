using Grains.Benchmarks.Loads;
using Npgsql;
using NpgsqlTypes;

namespace Grains.Benchmarks.Postgres;

/// <summary>Upserts of single rows, each its own transaction.</summary>
internal static class PlainPuts
{
    private const string _upsert =
        "INSERT INTO entry (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";

    private static readonly byte[] _value = new byte[BenchmarkKeys.ValueBytes];

    public static async Task<Work> OnOwnConnectionsAsync(BenchmarkDatabase database, int callers, int keys)
    {
        NpgsqlConnection[] connections = await OwnConnections.OpenAsync(database, callers);
        NpgsqlCommand[] commands = [.. connections.Select(c => Fill(new NpgsqlCommand(_upsert, c), keys))];
        foreach (NpgsqlCommand command in commands)
        {
            await command.PrepareAsync();
        }

        return new Work(
            async caller =>
            {
                ((NpgsqlParameter<string>)commands[caller].Parameters[0]).TypedValue = AnyName(keys);
                await commands[caller].ExecuteNonQueryAsync();
            },
            () => OwnConnections.CloseAsync(connections));
    }

    public static Task<Work> MultiplexedAsync(BenchmarkDatabase database, int keys)
    {
        NpgsqlDataSource source = Multiplexing.Open(database);
        return Task.FromResult(new Work(
            async _ =>
            {
                await using NpgsqlCommand command = Fill(source.CreateCommand(_upsert), keys);
                await command.ExecuteNonQueryAsync();
            },
            source.DisposeAsync));
    }

    private static NpgsqlCommand Fill(NpgsqlCommand command, int keys)
    {
        command.Parameters.Add(
            new NpgsqlParameter<string> { TypedValue = AnyName(keys), NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = _value, NpgsqlDbType = NpgsqlDbType.Bytea });
        return command;
    }

    public static string AnyName(int keys) => $"key-{Random.Shared.Next(keys):d6}";
}
