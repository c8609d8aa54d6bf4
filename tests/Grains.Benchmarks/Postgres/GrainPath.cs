using Grains.Benchmarks.Loads;
using Grains.Benchmarks.Paths;
using Grains.Benchmarks.World;
using Grains.Journal.Postgres;
using Grains.StateMachines.Ids;

namespace Grains.Benchmarks.Postgres;

/// <summary>One silo in this process, called without HTTP.</summary>
internal sealed class GrainPath : Contender
{
    private const int _fillers = 1_024;
    private readonly SiloInProcess _silo;
    private readonly BenchmarkKeys _keys;

    private GrainPath(BenchmarkDatabase database, SiloInProcess silo)
        : base(database)
    {
        _silo = silo;
        _keys = new BenchmarkKeys(BenchmarkKeys.CountDefault, silo.Partitions.Slots);
    }

    public override string Name => "grain path";

    public string Durability => _silo.Durability;

    public static async Task<GrainPath> StartAsync(BenchmarkDatabase database, DataFolder data)
    {
        PostgresJournal journal = await PostgresJournal.OpenAsync(
            new PostgresJournalOptions { ConnectionString = database.ConnectionString, Server = "path" },
            CancellationToken.None);
        return new GrainPath(database, await SiloInProcess.StartAsync(data.New(), journal));
    }

    public override Task FillAsync() => Task.WhenAll(Enumerable.Range(0, _fillers).Select(async filler =>
    {
        for (int key = filler; key < _keys.Count; key += _fillers)
        {
            await PathSteps.PutAsync(_silo.Partitions, _keys, key);
        }
    }));

    public override IReadOnlyList<Way> Puts(int callers) =>
    [
        new("one silo", () => Task.FromResult(
            new Work(_ => PathSteps.PutAsync(_silo.Partitions, _keys, Random.Shared.Next(_keys.Count))))),
    ];

    public override IReadOnlyList<Way> Cycles(int callers, int messages) =>
    [
        new("one silo", () => Task.FromResult(
            new Work(caller => PathSteps.CycleAsync(_silo.Partitions, new Utf8Name($"node-{caller}"), messages)))),
    ];

    public override async ValueTask DisposeAsync()
    {
        await _silo.DisposeAsync();
        await base.DisposeAsync();
    }
}
