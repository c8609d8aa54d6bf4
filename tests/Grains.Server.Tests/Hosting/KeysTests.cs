using System.Diagnostics;
using Grains.Operations.Access;
using Grains.Server.Tests.Backups;
using Grains.Server.Tests.Cluster;

namespace Grains.Server.Tests.Hosting;

/// <summary>Keys as an operator makes, changes and takes them away.</summary>
public sealed class KeysTests : IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("a-key-from-elsewhere-0123\n", "a-key-from-elsewhere-0123")]
    [InlineData("another-key-0123456789\r\nmore", "another-key-0123456789")]
    public async Task A_key_on_standard_input_becomes_its_line_and_is_shown_nowhere(string input, string key)
    {
        (int exit, string line, string said) = await HashAsync(input, "ops", "admin", "2030-01-31T08:00:00Z");
        Assert.Equal(0, exit);
        Assert.DoesNotContain(key, line + said, StringComparison.Ordinal);
        AccessKey read = Assert.Single(KeysFile.Parse([line]).Keys);
        Assert.Equal(KeysFile.Parse([$"ops admin {key}"]).Keys[0].Sha256, read.Sha256);
        Assert.Equal(DateTimeOffset.Parse("2030-01-31T08:00:00Z", null), read.ExpiresAt);
    }

    [Fact]
    public async Task Without_one_a_new_key_is_made_and_shown_once()
    {
        (int exit, string line, string said) = await HashAsync("", "ops", "read");
        Assert.Equal(0, exit);
        string key = said.Trim().Split(' ')[^1];
        Assert.Equal(48, key.Length);
        Assert.Equal(KeysFile.Parse([$"ops read {key}"]).Keys[0].Sha256, KeysFile.Parse([line]).Keys[0].Sha256);
    }

    [Theory]
    [InlineData("short", "ops", "admin")]
    [InlineData("a-key-from-elsewhere-0123", "ops", "root")]
    public async Task What_would_be_no_line_is_refused(string input, string name, string permission)
    {
        (int exit, string line, string said) = await HashAsync(input, name, permission);
        Assert.Equal(1, exit);
        Assert.Equal("", line);
        Assert.DoesNotContain(input, said, StringComparison.Ordinal);
        Assert.Contains("no line of a keys file", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_is_taken_out_of_the_file_ends_what_waits_under_it_and_both_are_in_the_log()
    {
        string keys = _folder["keys"];
        await File.WriteAllTextAsync(keys, "boss admin boss-key-0123456789\nleak write leaked-key-0123456789\n");
        await using RunningServer server = RunningServer.Start(
            ["--data", _folder["data"], "--partitions", "2", "--keys", keys, "--dashboard", "false"]);
        await server.ReadyAsync();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = _deadline };
        Assert.Equal(
            201,
            (int)await SendAsync(http, HttpMethod.Put, server.Url + "/v1/services/s", "boss-key-0123456789", "{}"));
        var clock = Stopwatch.StartNew();
        Task<System.Net.HttpStatusCode> waiting = SendAsync(
            http, HttpMethod.Post, server.Url + "/v1/services/s/nodes/n/receive", "leaked-key-0123456789", """{"wait": "50s"}""");
        await File.WriteAllTextAsync(keys, "boss admin boss-key-0123456789\n");
        Assert.Equal(401, (int)await waiting);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(45), $"It ended after {clock.Elapsed}, of itself.");
        Assert.Equal(
            401,
            (int)await SendAsync(http, HttpMethod.Get, server.Url + "/v1/services", "leaked-key-0123456789", null));
        await server.SaysAsync("Audit: 'boss' at 127.0.0.1:");
        await server.SaysAsync("removed: leak;");
        await server.SaysAsync("Refused with 401 (unauthenticated)");
        Assert.DoesNotContain("leaked-key", server.Said, StringComparison.Ordinal);
    }

    private static async Task<System.Net.HttpStatusCode> SendAsync(
        HttpClient http, HttpMethod method, string url, string key, string? body)
    {
        using var request = new HttpRequestMessage(method, url);
        request.Headers.Authorization = new("Bearer", key);
        request.Content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await http.SendAsync(request);
        return answer.StatusCode;
    }

    private static async Task<(int Exit, string Line, string Said)> HashAsync(string input, params string[] words)
    {
        using Process process = Process.Start(new ProcessStartInfo(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "Grains.Server.dll"), "hash-key", .. words])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["DOTNET_EnableDiagnostics"] = "0" },
        })!;
        using var deadline = new CancellationTokenSource(_deadline);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        Task<string> said = process.StandardError.ReadToEndAsync(deadline.Token);
        string line = await process.StandardOutput.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);
        return (process.ExitCode, line.TrimEnd('\r', '\n'), await said);
    }
}
