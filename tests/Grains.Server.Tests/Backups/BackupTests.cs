using System.Net;
using Grains.Postgres.Testing;

namespace Grains.Server.Tests.Backups;

/// <summary>Real processes: backup under load, restore, migration.</summary>
public class BackupTests
{
    private static readonly TimeSpan _drainDeadline = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task A_backup_taken_under_load_restores_with_every_token_counted_once_and_so_does_a_migration_of_it()
    {
        using TempFolder folder = new();
        string[] tokens = [.. Enumerable.Range(0, 60).Select(i => $"t{i:000}")];
        await TakeUnderLoadAsync(folder, tokens);

        (int exit, string said) = await ServerProgram.RunAsync(null, "backup", "verify", folder["backup"]);
        Assert.True(exit == 0 && said.Contains("Whole: 16 partitions", StringComparison.Ordinal), said);
        (exit, said) = await ServerProgram.RunAsync(null, "restore", folder["backup"], "--data", folder["b"]);
        Assert.True(
            exit == 0 && said.Contains("every partition was read back and is equal", StringComparison.Ordinal), said);
        await DrainAsync(null, tokens, "--data", folder["b"]);

        (exit, said) = await ServerProgram.RunAsync(null, "restore", folder["backup"], "--data", folder["b"]);
        Assert.True(exit == 1 && said.Contains("already", StringComparison.Ordinal), said);

        string connection = await SharedPostgres.NewDatabaseAsync();
        (exit, said) = await ServerProgram.RunAsync(connection, "restore", folder["backup"], "--schema", "restored");
        Assert.True(exit == 0, said);
        string silo = $"127.0.0.1:{FreePort.Find()}";
        await DrainAsync(connection, tokens, "--schema", "restored", "--silo", silo, "--name", "one");

        (exit, said) = await ServerProgram.RunAsync(connection, "migrate", "--from", folder["b"]);
        Assert.True(exit == 0 && said.Contains("16 partitions", StringComparison.Ordinal), said);
        await DrainAsync(connection, tokens, "--silo", silo, "--name", "one");
        (exit, said) = await ServerProgram.RunAsync(connection, "migrate", "--from", folder["b"]);
        Assert.True(exit == 1 && said.Contains("already", StringComparison.Ordinal), said);
    }

    [Fact]
    public async Task A_cut_backup_is_refused_by_name_and_a_running_server_is_not_migrated()
    {
        using TempFolder folder = new();
        await using ServerProgram server = await ServerProgram.ServeAsync(
            null, "--data", folder["a"], "--partitions", "2");
        byte[] backup = await server.Http.GetByteArrayAsync("/v1/backup");
        await File.WriteAllBytesAsync(folder["cut"], backup[..^1]);
        (int exit, string said) = await ServerProgram.RunAsync(null, "backup", "verify", folder["cut"]);
        Assert.True(exit == 1 && said.Contains($"cut off at byte {backup.Length - 1}", StringComparison.Ordinal), said);
        (exit, said) = await ServerProgram.RunAsync(null, "restore", folder["cut"], "--data", folder["b"]);
        Assert.True(exit == 1 && said.Contains("cut off", StringComparison.Ordinal), said);

        // What the broken restore left is refused by a server, and may be restored to again.
        (exit, said) = await ServerProgram.RunAsync(
            null, "--data", folder["b"], "--urls", $"http://127.0.0.1:{FreePort.Find()}");
        Assert.True(exit == 1 && said.Contains("repeat it", StringComparison.Ordinal), said);
        await File.WriteAllBytesAsync(folder["whole"], backup);
        (exit, said) = await ServerProgram.RunAsync(null, "restore", folder["whole"], "--data", folder["b"]);
        Assert.True(exit == 0, said);

        (exit, said) = await ServerProgram.RunAsync("Host=127.0.0.1;Port=1", "migrate", "--from", folder["a"]);
        Assert.True(exit == 1 && said.Contains("in use by", StringComparison.Ordinal), said);
    }

    private static async Task TakeUnderLoadAsync(TempFolder folder, string[] tokens)
    {
        await using ServerProgram server = await ServerProgram.ServeAsync(
            null, "--data", folder["a"], "--partitions", "16");
        TokenRing ring = new(server.Http);
        await ring.DeclareAsync();
        await ring.SendAsync(tokens);
        using CancellationTokenSource enough = new();
        Task working = ring.WorkAsync(enough.Token);
        while (ring.Commits < tokens.Length)
        {
            Assert.False(working.IsCompleted, "The workers stopped.");
            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }

        using HttpResponseMessage answer = await server.Http.GetAsync("/v1/backup");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("application/octet-stream", answer.Content.Headers.ContentType!.MediaType);
        Assert.EndsWith(
            ".backup", answer.Content.Headers.ContentDisposition!.FileName!.Trim('"'), StringComparison.Ordinal);
        await File.WriteAllBytesAsync(folder["backup"], await answer.Content.ReadAsByteArrayAsync());
        int finished = (await ring.FinishedAsync()).Count;
        await enough.CancelAsync();
        await working;
        Assert.True(
            finished < tokens.Length,
            "Every token was at its end before the backup: it was taken too late to show anything.");
    }

    /// <summary>Works until every token is at its end, and a while longer; then each must be there once.</summary>
    private static async Task DrainAsync(string? postgres, string[] tokens, params string[] place)
    {
        await using ServerProgram server = await ServerProgram.ServeAsync(postgres, place);
        TokenRing ring = new(server.Http);
        using CancellationTokenSource enough = new(_drainDeadline);
        Task working = ring.WorkAsync(enough.Token);
        while ((await ring.FinishedAsync()).Count < tokens.Length)
        {
            Assert.False(
                working.IsCompleted, $"Only {string.Join(' ', await ring.FinishedAsync())} came to their end.");
        }

        // Nothing may come after: no message waits, none is on its way.
        while (!await IsQuietAsync(server.Http))
        {
            Assert.False(working.IsCompleted, "Messages remain that nobody sent.");
        }

        await enough.CancelAsync();
        await working;
        Assert.Equal(tokens, await ring.FinishedAsync());
        await server.StopAsync();
    }

    private static async Task<bool> IsQuietAsync(HttpClient http)
    {
        using System.Text.Json.JsonDocument list = System.Text.Json.JsonDocument.Parse(
            await http.GetStringAsync("/v1/cluster/partitions"));
        return list.RootElement.GetProperty("partitions").EnumerateArray().All(p =>
            p.GetProperty("messages").GetInt64() == 0 && p.GetProperty("outboxEntries").GetInt64() == 0);
    }
}
