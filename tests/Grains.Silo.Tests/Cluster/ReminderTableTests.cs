using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Orleans.Runtime;

namespace Grains.Silo.Tests.Cluster;

public sealed class ReminderTableTests(DatabaseFixture databases) : IClassFixture<DatabaseFixture>, IAsyncLifetime
{
    private static readonly DateTime _start = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    private NpgsqlDataSource _database = null!;
    private IHost _host = null!;
    private IReminderTable _table = null!;

    public async Task InitializeAsync()
    {
        _database = await databases.NewAsync();
        _host = DatabaseFixture.Providers(_database);
        _table = _host.Services.GetRequiredService<IReminderTable>();
        await _table.StartAsync();
    }

    public async Task DisposeAsync()
    {
        _host.Dispose();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task A_reminder_is_read_as_it_was_set_and_its_version_grows_when_it_is_set_again()
    {
        GrainId grain = Id(1);
        string first = await SetAsync(Entry(grain, "wake", TimeSpan.FromMinutes(1)));
        string second = await SetAsync(Entry(grain, "wake", TimeSpan.FromDays(40)));
        Assert.NotEqual(first, second);
        ReminderEntry read = Assert.IsType<ReminderEntry>(await _table.ReadRow(grain, "wake"));
        Assert.Equal(
            (grain, "wake", _start, TimeSpan.FromDays(40), second),
            (read.GrainId, read.ReminderName, read.StartAt, read.Period, read.ETag));
        Assert.Null(await _table.ReadRow(grain, "sleep"));
    }

    [Fact]
    public async Task All_reminders_of_a_grain_are_read_and_none_of_another()
    {
        await _table.UpsertRow(Entry(Id(1), "a", TimeSpan.FromMinutes(1)));
        await _table.UpsertRow(Entry(Id(1), "b", TimeSpan.FromMinutes(1)));
        await _table.UpsertRow(Entry(Id(2), "a", TimeSpan.FromMinutes(1)));
        Assert.Equal(["a", "b"], (await _table.ReadRows(Id(1))).Reminders.Select(r => r.ReminderName).Order());
    }

    [Fact]
    public async Task A_range_of_the_ring_gives_exactly_the_reminders_behind_its_begin_up_to_its_end()
    {
        GrainId[] grains = [.. Enumerable.Range(0, 60).Select(Id)];
        foreach (GrainId grain in grains)
        {
            await _table.UpsertRow(Entry(grain, "wake", TimeSpan.FromMinutes(1)));
        }

        uint[] edges =
        [
            0, 1, int.MaxValue, 1u << 31, (1u << 31) + 1, uint.MaxValue,
            .. grains.Take(6).SelectMany(g => new[] { g.GetUniformHashCode() - 1, g.GetUniformHashCode() }),
        ];
        foreach (uint begin in edges)
        {
            foreach (uint end in edges)
            {
                IEnumerable<string> expected = grains.Where(
                    g => IsIn(g.GetUniformHashCode(), begin, end)).Select(g => g.ToString());
                ReminderTableData read = await _table.ReadRows(begin, end);
                Assert.Equal(expected.Order(), read.Reminders.Select(r => r.GrainId.ToString()).Order());
            }
        }
    }

    [Fact]
    public async Task Only_the_version_that_was_read_is_removed()
    {
        GrainId grain = Id(1);
        string first = await SetAsync(Entry(grain, "wake", TimeSpan.FromMinutes(1)));
        string second = await SetAsync(Entry(grain, "wake", TimeSpan.FromMinutes(2)));
        Assert.False(await _table.RemoveRow(grain, "wake", first));
        Assert.NotNull(await _table.ReadRow(grain, "wake"));
        Assert.True(await _table.RemoveRow(grain, "wake", second));
        Assert.Null(await _table.ReadRow(grain, "wake"));
    }

    [Fact]
    public async Task Of_many_who_set_one_reminder_at_once_each_gets_a_version_of_its_own()
    {
        string[] versions = await Task.WhenAll(Enumerable.Range(0, 16).Select(
            i => Task.Run(() => SetAsync(Entry(Id(1), "wake", TimeSpan.FromMinutes(i + 1))))));
        Assert.Equal(16, versions.Distinct().Count());
        await _table.TestOnlyClearTable();
        Assert.Empty((await _table.ReadRows(Id(1))).Reminders);
    }

    private async Task<string> SetAsync(ReminderEntry entry) => Assert.IsType<string>(await _table.UpsertRow(entry));

    /// <summary>The begin is no part of a range; where both are equal it is the whole ring.</summary>
    private static bool IsIn(uint hash, uint begin, uint end) =>
        begin < end ? hash > begin && hash <= end : hash > begin || hash <= end;

    private static GrainId Id(int number) => GrainId.Create("sleeper", $"n-{number}");

    private static ReminderEntry Entry(GrainId grain, string name, TimeSpan period) =>
        new() { GrainId = grain, ReminderName = name, StartAt = _start, Period = period };
}
