using System.Net;
using System.Net.Sockets;
using Grains.Postgres.Testing;
using Grains.Server.Cluster;
using Grains.Server.Options;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace Grains.Server.Tests.Cluster;

public sealed class EarlierMembersTests : IAsyncLifetime
{
    private const int _joining = 2;
    private const int _active = 3;
    private const int _dead = 6;
    private const int _justNow = 1;
    private const int _longAgo = 31;

    private readonly FakeTimeProvider _time = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _here = new(IPAddress.Loopback, FreePort.Find());
    private readonly IPEndPoint _deserted = new(IPAddress.Loopback, FreePort.Find());
    private ClusterOptions _options = null!;
    private NpgsqlDataSource _database = null!;

    private IPEndPoint Inhabited => (IPEndPoint)_listener.LocalEndpoint;

    public async Task InitializeAsync()
    {
        _listener.Start();
        PostgresServer postgres = await SharedPostgres.GetAsync();
        _options = SettingsOfTest.Accepted(
            [
                "--postgres", postgres.ConnectionString, "--schema", SharedPostgres.NewSchema(), "--name", "me",
                "--silo", $"{_here}",
            ]).Cluster!;
        await ClusterSchema.ApplyAsync(_options.Postgres.ConnectionString, _options.Schema, default);
        _database = ClusterDatabase.Open(_options);
    }

    public async Task DisposeAsync()
    {
        _listener.Stop();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task With_no_member_there_is_nothing_to_wait_for() => await Start();

    [Fact]
    public async Task An_earlier_life_at_the_same_place_is_declared_dead_at_once_as_a_change_of_the_membership()
    {
        await AddAsync("me", _here, _justNow);
        await Start();
        Assert.Equal((_dead, 11), await ReadAsync("me"));
    }

    [Theory]
    [InlineData(_active)]
    [InlineData(_joining)]
    public async Task An_earlier_life_at_a_place_where_nobody_listens_is_declared_dead_at_once(int status)
    {
        await AddAsync("me", _deserted, _justNow, status: status);
        await Start();
        Assert.Equal((_dead, 11), await ReadAsync("me"));
    }

    [Fact]
    public async Task A_server_of_the_same_name_whose_heart_beats_is_a_reason_not_to_start()
    {
        await AddAsync("me", Inhabited, _justNow);
        Task start = Start();
        Assert.False(await EndsAsync(start, within: TimeSpan.FromSeconds(5)));
        await BeatAsync("me");
        Assert.Contains(
            "is in use by a living server", (await Assert.ThrowsAsync<StartException>(() => EndAsync(start))).Message,
            StringComparison.Ordinal);
        Assert.Equal((_active, 10), await ReadAsync("me"));
    }

    [Fact]
    public async Task A_server_of_the_same_name_that_listens_but_is_silent_is_declared_dead_in_the_end()
    {
        await AddAsync("me", Inhabited, _longAgo);
        Task start = Start();
        Assert.False(await EndsAsync(start, within: TimeSpan.FromSeconds(10)));
        await EndAsync(start);
        Assert.Equal((_dead, 11), await ReadAsync("me"));
    }

    [Fact]
    public async Task A_clock_that_is_ahead_does_not_hold_up_a_start_for_ever()
    {
        await AddAsync("me", Inhabited, silentSeconds: -3_600);
        await EndAsync(Start());
        Assert.Equal((_dead, 11), await ReadAsync("me"));
    }

    [Fact]
    public async Task Other_servers_that_listen_are_left_alone()
    {
        await AddAsync("other", Inhabited, _longAgo);
        await Start();
        Assert.Equal((_active, 10), await ReadAsync("other"));
    }

    [Fact]
    public async Task Another_server_that_is_gone_is_declared_dead_once_it_was_silent_for_three_heartbeats()
    {
        await AddAsync("other", _deserted, _longAgo);
        await Start();
        Assert.Equal((_dead, 11), await ReadAsync("other"));
    }

    [Fact]
    public async Task Another_server_that_is_gone_since_a_moment_is_left_to_those_who_know_it()
    {
        await AddAsync("other", _deserted, _justNow);
        Task start = Start();
        Assert.False(await EndsAsync(start, within: TimeSpan.FromSeconds(5)));
        await ExecuteAsync("UPDATE OrleansMembership SET Status = 6");
        await EndAsync(start);
        Assert.Equal((_dead, 10), await ReadAsync("other"));
    }

    [Fact]
    public async Task A_living_server_of_another_cluster_in_the_schema_is_a_reason_not_to_start()
    {
        await AddAsync("other", Inhabited, _justNow, cluster: "blue");
        Task start = Start();
        Assert.False(await EndsAsync(start, within: TimeSpan.FromSeconds(5)));
        await BeatAsync("other");
        Assert.Contains(
            "in use by the cluster blue", (await Assert.ThrowsAsync<StartException>(() => EndAsync(start))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_another_cluster_left_behind_is_neither_waited_for_nor_changed()
    {
        await AddAsync("other", _deserted, _longAgo, cluster: "blue");
        await Start();
        Assert.Equal((_active, 10), await ReadAsync("other"));
    }

    private Task Start() =>
        new EarlierMembers(_options, _here, _database, _time, NullLogger.Instance).ClearAsync(default);

    /// <summary>Turns the clock on until it is over.</summary>
    private async Task EndAsync(Task start)
    {
        Assert.True(await EndsAsync(start, within: TimeSpan.FromSeconds(60)), "It still waits after a minute.");
        await start;
    }

    private async Task<bool> EndsAsync(Task start, TimeSpan within)
    {
        for (DateTimeOffset end = _time.GetUtcNow() + within; !start.IsCompleted && _time.GetUtcNow() < end;)
        {
            // A look at the table and at the places takes real time; the pause after it is turned forward.
            await Task.WhenAny(start, Task.Delay(30));
            _time.Advance(TimeSpan.FromSeconds(0.5));
        }

        return start.IsCompleted;
    }

    private async Task AddAsync(
        string name, IPEndPoint place, int silentSeconds, int status = _active, string cluster = "grains")
    {
        await ExecuteAsync($"INSERT INTO OrleansMembershipVersion VALUES ('{cluster}', 10)");
        await ExecuteAsync($"""
            INSERT INTO OrleansMembership (DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort, StartTime, IAmAliveTime)
            VALUES ('{cluster}', '{place.Address}', {place.Port}, 1, '{name}', 'host', {status}, 0, now(), now() - interval '{silentSeconds} s')
            """);
    }

    private Task BeatAsync(string name) =>
        ExecuteAsync($"UPDATE OrleansMembership SET IAmAliveTime = now() WHERE SiloName = '{name}'");

    private async Task ExecuteAsync(string sql)
    {
        await using NpgsqlCommand command = _database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<(int Status, int Version)> ReadAsync(string name)
    {
        await using NpgsqlCommand command = _database.CreateCommand(
            $"SELECT Status, Version FROM OrleansMembership JOIN OrleansMembershipVersion USING (DeploymentId) WHERE "
            + $"SiloName = '{name}'");
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        Assert.True(await reader.ReadAsync());
        return (reader.GetInt32(0), reader.GetInt32(1));
    }
}
