using System.Diagnostics;
using Grains.Journal.Postgres;
using Grains.Postgres.Testing;
using Grains.StateMachines.Ids;
using Npgsql;

namespace Grains.Journal.Tests.Postgres;

public sealed class PostgresSchemaTests : PostgresTest
{
    private const string _versionsQuery =
        "SELECT coalesce(string_agg(name || ' ' || version, ', ' ORDER BY name, version), '') FROM {0}.schema_version";

    private static readonly SchemaScript[] _parts =
    [
        new("first", 1, "CREATE TABLE one (a int)"),
        new("first", 2, "ALTER TABLE one ADD b int; INSERT INTO one VALUES (1, 2)"),
        new("second", 1, "CREATE FUNCTION two() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 2; END $$"),
    ];

    [Fact]
    public async Task Servers_that_start_at_once_make_the_tables_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => Task.Run(() => ApplyAsync(_parts))));

        Assert.Equal("first 1, first 2, second 1", await VersionsAsync());
        NpgsqlConnection look = await ConnectAsync();
        Assert.Equal(1L, await look.ScalarAsync<long>($"SELECT count(*) FROM {Schema}.one"));
        Assert.Equal(2, await look.ScalarAsync<int>($"SELECT {Schema}.two()"));
    }

    [Fact]
    public async Task A_later_script_is_applied_to_what_is_there_and_one_that_fails_changes_nothing()
    {
        await ApplyAsync(_parts[0]);
        SchemaScript bad = new("first", 3, "CREATE TABLE three (a int); SELECT 1 / 0");

        string message =
            (await Assert.ThrowsAsync<JournalUnavailableException>(() => ApplyAsync([.. _parts, bad]))).Message;
        Assert.Contains("applying first 3", message);
        Assert.Equal("first 1", await VersionsAsync());
        await ApplyAsync(_parts);
        Assert.Equal("first 1, first 2, second 1", await VersionsAsync());
    }

    [Fact]
    public async Task Tables_of_a_later_version_are_refused_and_left_alone()
    {
        await ApplyAsync(_parts);

        string message = (await Assert.ThrowsAsync<JournalUnavailableException>(() => ApplyAsync(_parts[0]))).Message;
        Assert.Contains("\"first\" of schema", message);
        Assert.Contains("have version 2", message);
        Assert.Contains("up to 1", message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Grains")]
    [InlineData("a\"b")]
    [InlineData("1a")]
    public async Task A_name_that_needs_thought_is_refused(string schema) =>
        await Assert.ThrowsAsync<ArgumentException>(
            () => PostgresSchema.ApplyAsync(Server.ConnectionString, schema, _parts, CancellationToken.None));

    [Fact]
    public async Task A_user_without_the_right_to_create_is_told_what_to_do_and_works_after_the_printed_script_ran()
    {
        string role = $"role_{Schema}";
        await Server.ExecuteAsync($"CREATE ROLE {role} LOGIN; REVOKE CREATE ON DATABASE postgres FROM PUBLIC");
        PostgresJournalOptions options = Options with
        {
            ConnectionString = $"Host=127.0.0.1;Port={Server.Port};Username={role};Database=postgres",
        };
        string message = (await Assert.ThrowsAsync<JournalUnavailableException>(() => OpenAsync(options))).Message;
        Assert.Contains("--print-schema", message);

        await RunPsqlAsync(PostgresSchema.Print(Schema, PostgresJournal.Scripts), role);
        PostgresJournal journal = await OpenAsync(options);
        Owner owner = await Owner.AcquireAsync(journal, P1);
        JournalAppend append = await owner.AppendAsync("x");
        Assert.Equal(AppendStatus.Durable, await owner.TryAsync(append));
        Assert.True(await owner.ConfirmAsync());
        Assert.True(await owner.CheckpointAsync(null, "state"));
        Assert.True(await owner.TruncateAsync(new Revision(2)));
        Assert.Equal("r2: state", await journal.CheckpointTextAsync(P1));
        Assert.Equal("journal 1", await VersionsAsync());
    }

    [Fact]
    public async Task The_printed_script_may_run_twice_and_over_what_a_server_has_made()
    {
        await ApplyAsync(_parts[0]);
        await RunPsqlAsync(PostgresSchema.Print(Schema, _parts), "postgres");
        await RunPsqlAsync(PostgresSchema.Print(Schema, _parts), "postgres");

        Assert.Equal("first 1, first 2, second 1", await VersionsAsync());
        await ApplyAsync(_parts);
    }

    private Task ApplyAsync(params SchemaScript[] scripts) =>
        PostgresSchema.ApplyAsync(Server.ConnectionString, Schema, scripts, CancellationToken.None);

    private async Task<string> VersionsAsync() => await (await ConnectAsync()).ScalarAsync<string>(
        string.Format(System.Globalization.CultureInfo.InvariantCulture, _versionsQuery, Schema));

    private async Task RunPsqlAsync(string script, string role)
    {
        using Process psql = Process.Start(new ProcessStartInfo(
            PostgresPrograms.Path("psql"),
            ["-qX", "-h", "127.0.0.1", "-p", $"{Server.Port}", "-U", "postgres", "-v", $"grains_role={role}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> output = psql.StandardOutput.ReadToEndAsync();
        Task<string> errors = psql.StandardError.ReadToEndAsync();
        await psql.StandardInput.WriteAsync(script);
        psql.StandardInput.Close();
        await psql.WaitForExitAsync();
        Assert.True(psql.ExitCode == 0, $"psql ended with {psql.ExitCode}: {await errors} {await output}");
    }
}
