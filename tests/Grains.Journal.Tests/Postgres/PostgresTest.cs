using Grains.Journal.Postgres;
using Grains.Postgres.Testing;
using Grains.StateMachines.Ids;
using Npgsql;

namespace Grains.Journal.Tests.Postgres;

/// <summary>
/// A schema of its own for each test, and the journals that it opens there, as several servers would.
/// </summary>
public abstract class PostgresTest : IAsyncLifetime
{
    protected static readonly PartitionId P1 = new(1);
    protected static readonly PartitionId P2 = new(2);
    protected static readonly PartitionId P3 = new(3);
    private readonly List<IAsyncDisposable> _opened = [];
    private PostgresStorage _storage = null!;

    protected PostgresServer Server { get; private set; } = null!;

    protected string Schema => _storage.Schema;

    /// <summary>
    /// The name of the server is that of the schema, so that its connections are told from other tests'.
    /// </summary>
    protected PostgresJournalOptions Options => _storage.Options with { Server = Schema };

    public async Task InitializeAsync()
    {
        Server = await SharedPostgres.GetAsync();
        _storage = new PostgresStorage();
    }

    public async Task DisposeAsync()
    {
        _opened.Reverse();
        foreach (IAsyncDisposable opened in _opened)
        {
            await opened.DisposeAsync();
        }

        _storage.Dispose();
    }

    protected async Task<PostgresJournal> OpenAsync(PostgresJournalOptions? options = null) =>
        Keep(await PostgresJournal.OpenAsync(options ?? Options, CancellationToken.None));

    /// <summary>Makes the tables if they are missing.</summary>
    protected async Task<Gate> GateAsync()
    {
        await PostgresSchema.ApplyAsync(
            Server.ConnectionString, Schema, PostgresJournal.Scripts, CancellationToken.None);
        return Keep(await Gate.BuildAsync(Server, Schema));
    }

    protected async Task<NpgsqlConnection> ConnectAsync() => Keep(await Server.ConnectAsync());

    protected T Keep<T>(T opened)
        where T : IAsyncDisposable
    {
        _opened.Add(opened);
        return opened;
    }

    /// <summary>Another program's open transaction that has taken the next revision of a partition.</summary>
    protected async Task<NpgsqlConnection> BlockAsync(Owner owner)
    {
        NpgsqlConnection other = await ConnectAsync();
        await other.ExecuteAsync("BEGIN");
        await TakeNextAsync(other, owner);
        return other;
    }

    protected Task TakeNextAsync(NpgsqlConnection other, Owner owner) => other.ExecuteAsync($"""
        INSERT INTO {Schema}.record VALUES ({owner.Partition.Value}, {owner.Tail.Revision.Value + 1},
            {owner.Tail.Revision.Value + 1}, {owner.Epoch.Value}, 1, 0, gen_random_uuid(), 'in the way')
        """);
}
