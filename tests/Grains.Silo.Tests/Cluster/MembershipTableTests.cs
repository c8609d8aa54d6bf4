using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Grains.Silo.Tests.Cluster;

public sealed class MembershipTableTests : IAsyncLifetime
{
    private static readonly DateTime _start = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    private NpgsqlDataSource _database = null!;
    private IHost _host = null!;
    private IMembershipTable _table = null!;

    public async Task InitializeAsync()
    {
        _database = await ClusterTables.NewAsync();
        _host = ClusterTables.Providers(_database);
        _table = _host.Services.GetRequiredService<IMembershipTable>();
        await _table.InitializeMembershipTableAsync(true);
    }

    public async Task DisposeAsync()
    {
        _host.Dispose();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task A_new_cluster_has_version_0_and_no_member_and_a_second_start_leaves_it_so()
    {
        await _table.InitializeMembershipTableAsync(true);
        MembershipTableData all = await _table.ReadAllAsync();
        Assert.Equal(0, all.Version.Version);
        Assert.Empty(all.Members);
    }

    [Fact]
    public async Task An_insert_with_the_version_that_was_read_takes_the_next_one_and_keeps_every_field()
    {
        MembershipEntry entry = Entry(1);
        Assert.True(await _table.InsertRowAsync(entry, Next(0)));
        MembershipTableData all = await _table.ReadAllAsync();
        Assert.Equal(1, all.Version.Version);
        MembershipEntry read = Assert.Single(all.Members).Item1;
        Assert.Equal(
            (entry.SiloAddress, entry.SiloName, entry.HostName, entry.Status, entry.ProxyPort, entry.StartTime, entry.IAmAliveTime),
            (read.SiloAddress, read.SiloName, read.HostName, read.Status, read.ProxyPort, read.StartTime, read.IAmAliveTime));
        Assert.Null(read.SuspectTimes);
    }

    [Fact]
    public async Task An_insert_with_a_stale_version_changes_nothing()
    {
        Assert.True(await _table.InsertRowAsync(Entry(1), Next(0)));
        Assert.False(await _table.InsertRowAsync(Entry(2), Next(0)));
        await AssertAsync(version: 1, members: 1);
    }

    [Fact]
    public async Task An_insert_of_a_member_that_is_there_changes_nothing()
    {
        Assert.True(await _table.InsertRowAsync(Entry(1), Next(0)));
        Assert.False(await _table.InsertRowAsync(Entry(1), Next(1)));
        await AssertAsync(version: 1, members: 1);
    }

    [Fact]
    public async Task An_update_with_a_stale_version_changes_nothing()
    {
        Assert.True(await _table.InsertRowAsync(Entry(1), Next(0)));
        Assert.True(await _table.InsertRowAsync(Entry(2), Next(1)));
        MembershipEntry dead = Entry(1, SiloStatus.Dead);
        Assert.False(await _table.UpdateRowAsync(dead, "1", Next(1)));
        MembershipTableData all = await _table.ReadAllAsync();
        Assert.Equal(2, all.Version.Version);
        Assert.All(all.Members, m => Assert.Equal(SiloStatus.Active, m.Item1.Status));
    }

    [Fact]
    public async Task An_update_of_a_member_that_is_not_there_leaves_the_version()
    {
        Assert.False(await _table.UpdateRowAsync(Entry(1, SiloStatus.Dead), "0", Next(0)));
        await AssertAsync(version: 0, members: 0);
    }

    [Fact]
    public async Task An_update_with_the_version_that_was_read_sets_status_and_votes()
    {
        Assert.True(await _table.InsertRowAsync(Entry(1), Next(0)));
        MembershipEntry suspected = Entry(1, SiloStatus.Dead);
        suspected.SuspectTimes =
            [Tuple.Create(Entry(2).SiloAddress, _start), Tuple.Create(Entry(3).SiloAddress, _start)];
        Assert.True(await _table.UpdateRowAsync(suspected, "1", Next(1)));
        MembershipTableData row = await _table.ReadRowAsync(suspected.SiloAddress);
        Assert.Equal(2, row.Version.Version);
        MembershipEntry read = Assert.Single(row.Members).Item1;
        Assert.Equal(SiloStatus.Dead, read.Status);
        Assert.Equal(suspected.SuspectTimes, read.SuspectTimes);
    }

    [Fact]
    public async Task Of_changes_at_once_with_one_version_exactly_one_happens()
    {
        for (int round = 0; round < 10; round++)
        {
            int version = (await _table.ReadAllAsync()).Version.Version;
            bool[] done = await Task.WhenAll(Enumerable.Range(1, 8).Select(
                i => Task.Run(() => _table.InsertRowAsync(Entry((100 * round) + i), Next(version)))));
            Assert.Single(done, true);
            await AssertAsync(version + 1, members: round + 1);
        }
    }

    [Fact]
    public async Task A_heartbeat_is_kept_and_leaves_the_version()
    {
        Assert.True(await _table.InsertRowAsync(Entry(1), Next(0)));
        MembershipEntry alive = Entry(1);
        alive.IAmAliveTime = _start.AddMinutes(7);
        await _table.UpdateIAmAliveAsync(alive);
        MembershipTableData row = await _table.ReadRowAsync(alive.SiloAddress);
        Assert.Equal(1, row.Version.Version);
        Assert.Equal(alive.IAmAliveTime, Assert.Single(row.Members).Item1.IAmAliveTime);
    }

    [Fact]
    public async Task A_clean_up_takes_the_dead_of_long_ago_and_nobody_else()
    {
        Assert.True(await _table.InsertRowAsync(Entry(1, SiloStatus.Dead), Next(0)));
        Assert.True(await _table.InsertRowAsync(Entry(2, SiloStatus.Joining), Next(1)));
        Assert.True(await _table.InsertRowAsync(Entry(3, SiloStatus.Active), Next(2)));
        MembershipEntry recent = Entry(4, SiloStatus.Dead);
        recent.IAmAliveTime = _start.AddHours(2);
        Assert.True(await _table.InsertRowAsync(recent, Next(3)));
        await _table.CleanupDefunctSiloEntriesAsync(_start.AddHours(1));
        Assert.Equal(
            [2, 3, 4], (await _table.ReadAllAsync()).Members.Select(m => m.Item1.SiloAddress.Generation).Order());
    }

    [Fact]
    public async Task One_cluster_sees_nothing_of_another_in_the_same_tables()
    {
        Assert.True(await _table.InsertRowAsync(Entry(1), Next(0)));
        await _table.DeleteMembershipTableEntriesAsync("other");
        await AssertAsync(version: 1, members: 1);
        await _table.DeleteMembershipTableEntriesAsync("test");
        await _table.InitializeMembershipTableAsync(true);
        await AssertAsync(version: 0, members: 0);
    }

    [Fact]
    public async Task A_client_is_shown_the_gateways_of_active_members_only()
    {
        Assert.True(await _table.InsertRowAsync(Entry(1, gateway: 30_000), Next(0)));
        Assert.True(await _table.InsertRowAsync(Entry(2, SiloStatus.Joining, gateway: 30_001), Next(1)));
        Assert.True(await _table.InsertRowAsync(Entry(3), Next(2)));
        await using NpgsqlCommand text = _database.CreateCommand(
            "SELECT QueryText FROM OrleansQuery WHERE QueryKey = 'GatewaysQueryKey'");
        await using NpgsqlCommand query = _database.CreateCommand((string)(await text.ExecuteScalarAsync())!);
        query.Parameters.AddWithValue("DeploymentId", "test");
        query.Parameters.AddWithValue("Status", (int)SiloStatus.Active);
        await using NpgsqlDataReader reader = await query.ExecuteReaderAsync();
        Assert.True(await reader.ReadAsync());
        Assert.Equal(
            ("127.0.0.1", 30_000, 1), ((string)reader["Address"], (int)reader["ProxyPort"], (int)reader["Generation"]));
        Assert.False(await reader.ReadAsync());
    }

    private async Task AssertAsync(int version, int members)
    {
        MembershipTableData all = await _table.ReadAllAsync();
        Assert.Equal((version, members), (all.Version.Version, all.Members.Count));
    }

    /// <summary>As Orleans asks for a change: the version that was read, and the one that is to follow.</summary>
    private static TableVersion Next(int read) =>
        new(read + 1, read.ToString(System.Globalization.CultureInfo.InvariantCulture));

    private static MembershipEntry Entry(int generation, SiloStatus status = SiloStatus.Active, int gateway = 0) =>
        new()
    {
        SiloAddress = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11_111), generation),
        SiloName = $"server-{generation}",
        HostName = "host",
        Status = status,
        ProxyPort = gateway,
        StartTime = _start,
        IAmAliveTime = _start,
    };
}
