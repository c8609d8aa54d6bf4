using Grains.Benchmarks.World;
using Grains.Journal;
using Grains.Journal.Memory;
using Grains.Journal.Postgres;
using Grains.Journal.Segments;
using Grains.Postgres.Testing;

namespace Grains.Benchmarks.Journals;

/// <summary>A kind of journal, and where its measurements keep their bytes.</summary>
internal abstract class JournalUnderTest : IAsyncDisposable
{
    public abstract string Name { get; }

    /// <summary>An empty journal.</summary>
    public abstract Task<IJournal> OpenAsync();

    /// <summary>What the last one wrote is not needed any more.</summary>
    public virtual Task ForgetAsync() => Task.CompletedTask;

    /// <summary>Processor time of others than this process so far.</summary>
    public virtual TimeSpan CpuElsewhere => TimeSpan.Zero;

    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public sealed class Memory : JournalUnderTest
    {
        public override string Name => "memory";

        public override Task<IJournal> OpenAsync() => Task.FromResult<IJournal>(new MemoryJournal());
    }

    /// <summary>In a folder of its own.</summary>
    public sealed class Embedded(DataFolder data) : JournalUnderTest
    {
        private string _folder = "";

        public override string Name => "segments";

        public override Task<IJournal> OpenAsync()
        {
            _folder = data.New();
            return Task.FromResult<IJournal>(SegmentJournal.Open(new SegmentJournalOptions { Folder = _folder }));
        }

        public override Task ForgetAsync()
        {
            Directory.Delete(_folder, recursive: true);
            return Task.CompletedTask;
        }
    }

    public sealed class Postgres(PostgresServer server, int connections) : JournalUnderTest
    {
        private int _schemas;

        public override string Name => $"Postgres, {connections} connection{(connections == 1 ? "" : "s")}";

        public override TimeSpan CpuElsewhere => server.CpuTime;

        public override async Task<IJournal> OpenAsync() => await PostgresJournal.OpenAsync(
            new PostgresJournalOptions
            {
                ConnectionString = server.ConnectionString,
                Schema = $"bench{connections}_{++_schemas}",
                Server = "bench",
                AppendConnections = connections,
            },
            CancellationToken.None);

        public override Task ForgetAsync() =>
            server.ExecuteAsync($"DROP SCHEMA bench{connections}_{_schemas} CASCADE; CHECKPOINT");
    }
}
