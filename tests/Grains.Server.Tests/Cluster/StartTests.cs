using System.Net;
using System.Net.Sockets;
using Grains.Postgres.Testing;
using Grains.Server.Cluster;
using Grains.Server.Options;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace Grains.Server.Tests.Cluster;

/// <summary>Every reason for which a server of a cluster does not start is one line, and no secret is in it.</summary>
public sealed class StartTests(StartFixture fixture) : IClassFixture<StartFixture>
{
    private const string _secret = StartFixture.Secret;

    [Fact]
    public Task A_wrong_password_is_said() =>
        AssertFailsAsync("lets this user not in", fixture.As("grains_test", _secret + "-wrong"));

    [Fact]
    public Task A_user_that_is_not_there_is_said() =>
        AssertFailsAsync("lets this user not in", fixture.As("nobody", _secret));

    [Fact]
    public Task A_database_that_is_not_there_is_said() =>
        AssertFailsAsync("no such database", fixture.As("grains_test", _secret) + ";Database=nothing");

    [Fact]
    public Task A_missing_right_is_said_with_the_way_to_print_the_tables() =>
        AssertFailsAsync("--print-schema", fixture.As("grains_test", _secret));

    [Fact]
    public async Task Tables_of_a_newer_version_are_refused()
    {
        await using RunningServer once = Start(fixture.Postgres.ConnectionString, "--schema", "newer");
        await once.ReadyAsync();
        Assert.Equal(0, await once.StopAsync());
        await fixture.Postgres.ExecuteAsync("INSERT INTO newer.schema_version (name, version) VALUES ('orleans', 99)");
        await AssertFailsAsync("have version 99", fixture.Postgres.ConnectionString, "--schema", "newer");
    }

    [Fact]
    public async Task A_place_that_is_taken_is_named()
    {
        var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        string place = $"127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";
        await using RunningServer server = RunningServer.Start(
            ["--silo", place, "--postgres", fixture.Postgres.ConnectionString]);
        Assert.Equal(1, await server.EndAsync());
        Assert.Contains($"{place} is in use by another process", server.Said, StringComparison.Ordinal);
        taken.Stop();
    }

    [Fact]
    public Task An_address_of_another_machine_is_refused() =>
        AssertFailsAsync(
            "Write an address of this machine", fixture.Postgres.ConnectionString, "--insecure", "--silo",
            "192.0.2.1:11111");

    [Fact]
    public Task A_name_that_leads_nowhere_is_refused() =>
        AssertFailsAsync(
            "leads to no address", fixture.Postgres.ConnectionString, "--insecure", "--silo", "nowhere.invalid:11111");

    [Fact]
    public async Task A_certificate_file_that_is_none_is_named()
    {
        string file = Path.GetTempFileName();
        await AssertFailsAsync(
            $"{file} and {file} are not a certificate and its key", fixture.Postgres.ConnectionString,
            "--tls-ca", file, "--tls-cert", file, "--tls-key", file);
        File.Delete(file);
    }

    [Fact]
    public async Task A_Postgres_that_may_lose_what_it_confirms_is_taken_only_with_a_clear_word()
    {
        await using PostgresServer lossy = await PostgresServer.StartAsync(
            new PostgresServerOptions { Settings = ["fsync = off"] });
        await AssertFailsAsync("fsync=off", lossy.ConnectionString);
        await using RunningServer server = Start(lossy.ConnectionString, "--allow-lossy");
        await server.ReadyAsync();
        await server.SaysAsync("WITH fsync=off");
        await server.SaysAsync("WARNING: --allow-lossy");
    }

    [Fact]
    public async Task A_Postgres_that_starts_a_little_later_is_waited_for()
    {
        await using PostgresServer postgres = await PostgresServer.StartAsync();
        string connection = postgres.ConnectionString;
        await postgres.StopAsync();
        await using RunningServer server = Start(connection);
        await server.SaysAsync("It is tried again for");
        await postgres.StartAgainAsync();
        await server.ReadyAsync();
        Assert.Equal(0, await server.StopAsync());
    }

    [Fact]
    public async Task A_Postgres_that_does_not_come_is_given_up_after_a_minute()
    {
        PostgresAddress nobody = PostgresAddress.Parse(
            $"Host=127.0.0.1;Port={FreePort.Find()};Password={_secret}")!;
        await using NpgsqlDataSource database = NpgsqlDataSource.Create(nobody.ConnectionString);
        var time = new FakeTimeProvider();
        Task waiting = new PostgresPatience(nobody, time, NullLogger.Instance).WaitAsync(database, default);
        DateTimeOffset begun = time.GetUtcNow();
        for (int turns = 0; !waiting.IsCompleted && turns < 3_000; turns++)
        {
            // Each look at the port takes real time; the pause after it is turned forward.
            await Task.WhenAny(waiting, Task.Delay(20));
            time.Advance(TimeSpan.FromSeconds(1));
        }

        var refusal = await Assert.ThrowsAsync<StartException>(() => waiting);
        Assert.True(time.GetUtcNow() - begun >= TimeSpan.FromSeconds(60));
        Assert.StartsWith($"Postgres at {nobody} cannot be reached", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_secret, refusal.ToString(), StringComparison.Ordinal);
    }

    private static RunningServer Start(string connection, params string[] args) => RunningServer.Start(
        ["--name", "a", .. args.Contains("--silo") ? args : [.. args, "--silo", $"127.0.0.1:{FreePort.Find()}"]],
        new Dictionary<string, string> { ["GRAINS_POSTGRES"] = connection });

    private static async Task AssertFailsAsync(string why, string connection, params string[] args)
    {
        await using RunningServer server = Start(connection, args);
        Assert.Equal(1, await server.EndAsync());
        Assert.Contains("Grains cannot go on: ", server.Said, StringComparison.Ordinal);
        Assert.Contains(why, server.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", server.Said, StringComparison.Ordinal);
        Assert.DoesNotContain(_secret, server.Said, StringComparison.Ordinal);
    }
}

/// <summary>A Postgres with a user that has a password and no rights.</summary>
public sealed class StartFixture : IAsyncLifetime
{
    public const string Secret = "geheim-4711";

    private PostgresServer? _postgres;

    internal PostgresServer Postgres => _postgres!;

    public async Task InitializeAsync()
    {
        _postgres = await PostgresServer.StartAsync();
        await Postgres.ExecuteAsync($"CREATE ROLE grains_test LOGIN PASSWORD '{Secret}'");
        string rules = Path.Combine(Postgres.DataFolder, "pg_hba.conf");
        await File.WriteAllTextAsync(
            rules,
            $"host all grains_test all scram-sha-256\nhost all nobody all "
            + $"scram-sha-256\n{await File.ReadAllTextAsync(rules)}");
        await Postgres.ExecuteAsync("SELECT pg_reload_conf()");
    }

    public async Task DisposeAsync() => await Postgres.DisposeAsync();

    internal string As(string user, string password) =>
        $"Host=127.0.0.1;Port={Postgres.Port};Username={user};Password={password};Database=postgres";
}
