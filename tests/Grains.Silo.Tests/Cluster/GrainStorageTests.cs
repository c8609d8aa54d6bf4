using Grains.Silo.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Orleans.Storage;

namespace Grains.Silo.Tests.Cluster;

public sealed class GrainStorageTests : IAsyncLifetime
{
    private const string _state = "test-state";

    private NpgsqlDataSource _database = null!;
    private IHost _host = null!;
    private IGrainStorage _storage = null!;

    public async Task InitializeAsync()
    {
        _database = await ClusterTables.NewAsync();
        _host = ClusterTables.Providers(_database);
        _storage = _host.Services.GetRequiredKeyedService<IGrainStorage>(ClusterStorage.Name);

        // What the silo's lifecycle does: the provider reads its queries.
        var lifecycle = new StorageLifecycle();
        ((ILifecycleParticipant<ISiloLifecycle>)_storage).Participate(lifecycle);
        await lifecycle.StartAsync();
    }

    public async Task DisposeAsync()
    {
        _host.Dispose();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task A_state_is_read_as_it_was_written_under_a_version_that_grows()
    {
        GrainState<Note> note = await WriteAsync("n-1", null, "one");
        Assert.Equal("1", note.ETag);
        note = await WriteAsync("n-1", note.ETag, "two");
        Assert.Equal("2", note.ETag);
        GrainState<Note> read = await ReadAsync("n-1");
        Assert.Equal(("two", "2", true), (read.State?.Text, read.ETag, read.RecordExists));
    }

    [Fact]
    public async Task Of_two_first_writes_of_one_state_one_succeeds()
    {
        for (int round = 0; round < 10; round++)
        {
            string key = $"n-{round}";
            bool[] done = await Task.WhenAll(Enumerable.Range(0, 8).Select(
                i => Task.Run(() => SucceedsAsync(() => WriteAsync(key, null, $"{i}")))));
            Assert.Single(done, true);
            Assert.Equal("1", (await ReadAsync(key)).ETag);
        }
    }

    [Fact]
    public async Task A_write_under_a_stale_version_changes_nothing()
    {
        await WriteAsync("n-1", null, "one");
        await WriteAsync("n-1", "1", "two");
        Assert.False(await SucceedsAsync(() => WriteAsync("n-1", "1", "late")));
        Assert.False(await SucceedsAsync(() => WriteAsync("n-1", null, "first?")));
        Assert.Equal("two", (await ReadAsync("n-1")).State?.Text);
    }

    [Fact]
    public async Task A_write_under_a_version_of_a_state_that_is_not_there_makes_none()
    {
        Assert.False(await SucceedsAsync(() => WriteAsync("n-1", "3", "one")));
        Assert.False((await ReadAsync("n-1")).RecordExists);
    }

    [Fact]
    public async Task A_cleared_state_is_gone_and_a_stale_clear_changes_nothing()
    {
        GrainState<Note> note = await WriteAsync("n-1", null, "one");
        var stale = new GrainState<Note>(new Note(), "9");
        Assert.False(await SucceedsAsync(() => _storage.ClearStateAsync(_state, Id("n-1"), stale)));
        Assert.True((await ReadAsync("n-1")).RecordExists);
        await _storage.ClearStateAsync(_state, Id("n-1"), note);
        GrainState<Note> read = await ReadAsync("n-1");
        Assert.Null(read.State?.Text);
        Assert.False(await SucceedsAsync(() => WriteAsync("n-1", "1", "late")));
    }

    [Fact]
    public async Task Keys_that_read_like_one_number_are_one_row_so_the_key_of_ours_does_not()
    {
        // Orleans reads keys as hexadecimal numbers before it takes them for words.
        await WriteAsync("20235", null, "first");
        Assert.Equal("first", (await ReadAsync("020235")).State?.Text);
        Assert.Equal("first", (await ReadAsync("0020235")).State?.Text);

        await WriteAsync(IClusterSettingsGrain.Key, null, "settings");
        Assert.False((await ReadAsync(IClusterSettingsGrain.Key.ToUpperInvariant())).RecordExists);
        Assert.False((await ReadAsync("0" + IClusterSettingsGrain.Key)).RecordExists);
    }

    [Fact]
    public async Task States_of_one_grain_are_kept_apart_by_their_names()
    {
        await WriteAsync("n-1", null, "one");
        var other = new GrainState<Note>(new Note());
        await _storage.ReadStateAsync("other-state", Id("n-1"), other);
        Assert.False(other.RecordExists);
    }

    private async Task<GrainState<Note>> WriteAsync(string key, string? version, string text)
    {
        var state = new GrainState<Note>(new Note { Text = text }, version);
        await _storage.WriteStateAsync(_state, Id(key), state);
        return state;
    }

    private async Task<GrainState<Note>> ReadAsync(string key)
    {
        var state = new GrainState<Note>(new Note());
        await _storage.ReadStateAsync(_state, Id(key), state);
        return state;
    }

    private static async Task<bool> SucceedsAsync(Func<Task> write)
    {
        try
        {
            await write();
            return true;
        }
        catch (InconsistentStateException)
        {
            return false;
        }
    }

    private static GrainId Id(string key) => GrainId.Create("note", key);

    private sealed class Note
    {
        public string? Text { get; set; }
    }

    /// <summary>Runs what subscribes, in order.</summary>
    private sealed class StorageLifecycle : ISiloLifecycle
    {
        private readonly SortedList<int, ILifecycleObserver> _observers = [];

        public int HighestCompletedStage => 0;

        public int LowestStoppedStage => 0;

        public IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer)
        {
            _observers.Add(stage, observer);
            return new MemoryStream();
        }

        public async Task StartAsync()
        {
            foreach (ILifecycleObserver observer in _observers.Values)
            {
                await observer.OnStart(default);
            }
        }
    }
}
