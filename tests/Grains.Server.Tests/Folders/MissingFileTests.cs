using System.Net;
using Grains.Server.Tests.Backups;

namespace Grains.Server.Tests.Folders;

/// <summary>
/// A folder that is not whole is refused in a sentence that names the file: it never becomes an empty server. Real
/// processes.
/// </summary>
public sealed class MissingFileTests(FilledFolders filled) : IClassFixture<FilledFolders>, IDisposable
{
    private const string Segment = "journal/segment-000000000001.log";
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("journal", "is missing")]
    [InlineData(Segment, "is missing")]
    [InlineData("CLUSTER", "is missing")]
    [InlineData("IDENTITY", "is missing")]
    public async Task A_missing_file_is_named(string name, string what)
    {
        filled.Copy("killed", _folder["a"]);
        string path = Path.Combine(_folder["a"], name);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }

        File.Delete(path);
        await RefusesAsync("a", $"{name} {what}");
        await RefusesAsync("a", $"{name} {what}");
    }

    [Theory]
    [InlineData(Segment, 0)]
    [InlineData(Segment, 100)]
    [InlineData(Segment, 6000)]
    [InlineData(Segment, 40_000)]
    [InlineData("CLUSTER", 0)]
    [InlineData("CLUSTER", 500)]
    [InlineData("IDENTITY", 0)]
    [InlineData("IDENTITY", 300)]
    public async Task A_file_that_was_cut_off_is_refused(string name, int bytes)
    {
        filled.Copy("killed", _folder["a"]);
        using (FileStream file = File.OpenWrite(Path.Combine(_folder["a"], name)))
        {
            Assert.True(file.Length > bytes, $"{name} has {file.Length} bytes.");
            file.SetLength(bytes);
        }

        await RefusesAsync("a", name.Split('-')[0]);
    }

    [Theory]
    [InlineData(Segment)]
    [InlineData("CLUSTER")]
    [InlineData("IDENTITY")]
    public async Task A_file_of_another_folder_is_refused(string name)
    {
        filled.Copy("killed", _folder["a"]);
        File.Copy(Path.Combine(filled["other"], name), Path.Combine(_folder["a"], name), overwrite: true);
        await RefusesAsync("a", name.Split('-')[0]);
    }

    [Fact]
    public async Task An_older_copy_of_a_segment_is_refused()
    {
        filled.Copy("again", _folder["a"]);
        File.Copy(Path.Combine(filled["killed"], Segment), Path.Combine(_folder["a"], Segment), overwrite: true);
        await RefusesAsync("a", $"{Segment} is cut off, or an older copy");
    }

    [Theory]
    [InlineData(Segment)]
    [InlineData("CLUSTER")]
    public async Task A_folder_in_place_of_a_file_is_refused(string name)
    {
        filled.Copy("stopped", _folder["a"]);
        File.Delete(Path.Combine(_folder["a"], name));
        Directory.CreateDirectory(Path.Combine(_folder["a"], name));
        await RefusesAsync("a", $"{name} is a folder and should be a file");
    }

    [Fact]
    public async Task A_file_in_place_of_the_journals_folder_is_refused()
    {
        filled.Copy("stopped", _folder["a"]);
        Directory.Delete(Path.Combine(_folder["a"], "journal"), recursive: true);
        await File.WriteAllTextAsync(Path.Combine(_folder["a"], "journal"), "");
        await RefusesAsync("a", "journal is a file and should be a folder");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_whole_copy_of_a_folder_that_is_not_in_use_starts(bool isKilled)
    {
        filled.Copy(isKilled ? "killed" : "stopped", _folder["copy"]);
        await HoldsAllAsync("copy");
    }

    [Theory]
    [InlineData("LOCK")]
    [InlineData("RESERVE")]
    public async Task What_holds_nothing_after_a_stop_may_be_missing(string name)
    {
        filled.Copy("stopped", _folder["a"]);
        File.Delete(Path.Combine(_folder["a"], name));
        await HoldsAllAsync("a");
    }

    [Theory]
    [InlineData("journal")]
    [InlineData(Segment)]
    [InlineData("CLUSTER")]
    [InlineData("IDENTITY")]
    [InlineData("LOCK")]
    [InlineData("")]
    public async Task A_server_ends_at_the_next_write_when_a_file_is_taken_away(string name)
    {
        await using ServerProgram server = await ServerProgram.ServeAsync(
            null, "--data", _folder["a"], "--partitions", "4");
        await FilledFolders.FillAsync(server);
        string path = Path.Combine(_folder["a"], name);
        if (Directory.Exists(path))
        {
            Directory.Move(path, _folder["moved"]);
        }
        else if (name == "LOCK")
        {
            File.Delete(path);
            await File.WriteAllTextAsync(path, "another");
        }
        else
        {
            File.Move(path, _folder["moved"]);
        }

        await Assert.ThrowsAsync<HttpRequestException>(async () =>
        {
            for (int i = 0; i < 100; i++)
            {
                using HttpResponseMessage answer = await FilledFolders.PutAsync(
                    server, $"v1/keyspaces/k/keys/after{i}", "v");
                Assert.False(answer.IsSuccessStatusCode, "It was acknowledged into a file that nobody finds again.");
            }
        });
        Assert.Equal(1, await server.ExitCodeAsync());
        Assert.Contains(
            name.Length == 0 ? "was removed with its folder" : $"{name} was re", server.Said, StringComparison.Ordinal);
    }

    private async Task RefusesAsync(string name, string what)
    {
        (int exit, string said) = await ServerProgram.RunAsync(
            null, "--data", _folder[name], "--urls", $"http://127.0.0.1:{FreePort.Find()}", "--dashboard", "false");
        Assert.True(exit == 1 && said.Contains(what, StringComparison.Ordinal), said);
        Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
    }

    private async Task HoldsAllAsync(string name)
    {
        await using ServerProgram server = await ServerProgram.ServeAsync(null, "--data", _folder[name]);
        for (int i = 0; i < FilledFolders.Keys; i++)
        {
            using HttpResponseMessage answer = await server.Http.GetAsync($"v1/keyspaces/k/keys/{i}");
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }
}
