using Grains.Benchmarks.Postgres;
using Grains.Benchmarks.World;
using Npgsql;
using NpgsqlTypes;

namespace Grains.Benchmarks.Peers;

/// <summary>Rows by hand in a Postgres of its own, by Npgsql: prepared, a connection for each caller.</summary>
internal sealed class RowsPeer(PlainRows rows, int keys) : Peer("Postgres, rows")
{
    public static async Task<RowsPeer> StartAsync(DataFolder data, int keys) =>
        new(new PlainRows(await BenchmarkDatabase.StartAsync(data), keys), keys);

    public override Task<string> DescribeAsync() => rows.Database.DescribeAsync();

    public override Task FillAsync() => rows.FillAsync();

    public override Task<Work> OpenAsync(PeerWork work, int callers) => work switch
    {
        PeerWork.Put => PlainPuts.OnOwnConnectionsAsync(rows.Database, callers, keys),
        PeerWork.Get => GetsAsync(callers),
        _ => PlainQueue.OpenAsync(rows.Database, callers, 1, isMultiplexed: false),
    };

    public override TimeSpan? ServerCpu => null;

    public override async Task<TimeSpan> PostgresCpuAsync() => (await rows.Database.UseAsync()).Cpu;

    public override ValueTask DisposeAsync() => rows.DisposeAsync();

    private async Task<Work> GetsAsync(int callers)
    {
        NpgsqlConnection[] connections = await OwnConnections.OpenAsync(rows.Database, callers);
        NpgsqlCommand[] commands = [.. connections.Select(Select)];
        foreach (NpgsqlCommand command in commands)
        {
            await command.PrepareAsync();
        }

        return new Work(
            async caller =>
            {
                ((NpgsqlParameter<string>)commands[caller].Parameters[0]).TypedValue = PlainPuts.AnyName(keys);
                if (await commands[caller].ExecuteScalarAsync() is not byte[])
                {
                    throw new IOException("A get found no row.");
                }
            },
            () => OwnConnections.CloseAsync(connections));
    }

    private NpgsqlCommand Select(NpgsqlConnection connection)
    {
        var command = new NpgsqlCommand("SELECT value FROM entry WHERE key = $1", connection);
        command.Parameters.Add(
            new NpgsqlParameter<string> { TypedValue = PlainPuts.AnyName(keys), NpgsqlDbType = NpgsqlDbType.Text });
        return command;
    }
}
