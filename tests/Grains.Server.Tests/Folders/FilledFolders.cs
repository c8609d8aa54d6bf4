using System.Text;
using Grains.Server.Tests.Backups;

namespace Grains.Server.Tests.Folders;

/// <summary>
/// Folders that real servers left, once for all tests of a class, which copy them before they break them.
/// </summary>
public sealed class FilledFolders : IAsyncLifetime
{
    public const int Keys = 20;
    private readonly TempFolder _folder = new();

    /// <summary>
    /// <c>killed</c> while it served; <c>again</c> is the same, written to by one more session that was killed;
    /// <c>other</c> is of another server; <c>stopped</c> in good order.
    /// </summary>
    public string this[string name] => _folder[name];

    public async Task InitializeAsync()
    {
        await MakeAsync("killed", isKilled: true);
        Copy("killed", _folder["again"]);
        await MakeAsync("again", isKilled: true);
        await MakeAsync("other", isKilled: true);
        await MakeAsync("stopped", isKilled: false);
    }

    public Task DisposeAsync()
    {
        _folder.Dispose();
        return Task.CompletedTask;
    }

    public void Copy(string name, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.EnumerateFiles(_folder[name], "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(_folder[name], file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    internal static async Task FillAsync(ServerProgram server)
    {
        (await PutAsync(server, "v1/keyspaces/k", """{"layout":"spread"}""")).EnsureSuccessStatusCode().Dispose();
        for (int i = 0; i < Keys; i++)
        {
            (await PutAsync(server, $"v1/keyspaces/k/keys/{i}", new string('v', 2000))).EnsureSuccessStatusCode()
                .Dispose();
        }
    }

    internal static Task<HttpResponseMessage> PutAsync(ServerProgram server, string path, string body) =>
        server.Http.PutAsync(
        new Uri(path, UriKind.Relative),
        new StringContent(
            body, Encoding.UTF8,
            path.Contains("/keys/", StringComparison.Ordinal) ? "text/plain" : "application/json"));

    private async Task MakeAsync(string name, bool isKilled)
    {
        await using ServerProgram server = await ServerProgram.ServeAsync(
            null, "--data", _folder[name], "--partitions", "4");
        await FillAsync(server);
        if (!isKilled)
        {
            await server.StopAsync();
        }
    }
}
