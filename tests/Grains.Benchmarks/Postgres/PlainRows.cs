using Grains.Benchmarks.Loads;

namespace Grains.Benchmarks.Postgres;

/// <summary>Postgres as a good user would use it: a row a key, a row a message, prepared statements.</summary>
internal sealed class PlainRows(BenchmarkDatabase database, int keys) : Contender(database)
{
    /// <summary>
    /// Room in the pages, so that updates stay in them and touch no index; nothing else has one. Names compare as
    /// bytes.
    /// </summary>
    private readonly string _tables = $"""
        CREATE TABLE entry (key text COLLATE "C" PRIMARY KEY, value bytea NOT NULL) WITH (fillfactor = 70);
        INSERT INTO entry SELECT 'key-' || lpad(n::text, 6, '0'), decode(repeat('ab', {BenchmarkKeys.ValueBytes}), 'hex')
        FROM generate_series(0, {keys - 1}) n;
        CREATE TABLE mailbox (
            node int NOT NULL, id bigint GENERATED ALWAYS AS IDENTITY, body bytea NOT NULL, PRIMARY KEY (node, id));
        CREATE TABLE state (node int PRIMARY KEY, body bytea NOT NULL) WITH (fillfactor = 50);
        """;

    public override string Name => "rows";

    public override async Task FillAsync()
    {
        await Database.ExecuteAsync(_tables);
        await Database.ExecuteAsync("VACUUM ANALYZE");
    }

    public override IReadOnlyList<Way> Puts(int callers) =>
    [
        new("one connection each", () => PlainPuts.OnOwnConnectionsAsync(Database, callers, keys)),
        new("multiplexed", () => PlainPuts.MultiplexedAsync(Database, keys)),
    ];

    public override IReadOnlyList<Way> Cycles(int callers, int messages) =>
    [
        new("one connection each", () => PlainQueue.OpenAsync(Database, callers, messages, isMultiplexed: false)),
        new("multiplexed sends", () => PlainQueue.OpenAsync(Database, callers, messages, isMultiplexed: true)),
    ];
}
