using System.Net;
using Grains.Journal.Segments;
using Grains.Journal.Sqlite;
using Grains.Server.Tests.Backups;

namespace Grains.Server.Tests.Folders;

/// <summary>
/// A folder of a version whose journal was a SQLite file becomes a log of segments at its first start.
/// </summary>
public sealed class SqliteFolderTests(FilledFolders filled) : IClassFixture<FilledFolders>, IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_server_starts_on_it_once_and_again_and_holds_everything()
    {
        filled.Copy("stopped", _folder["segments"]);
        Directory.CreateDirectory(_folder["a"]);
        await using (
            SegmentJournal from = SegmentJournal.Open(new() { Folder = _folder["segments"], Beside = ["cluster.db"] }))
        {
            await SqliteImport.RunAsync(
                new SqliteJournalOptions { Folder = _folder["a"] }, from.ExportAsync(CancellationToken.None), 1_000,
                CancellationToken.None);
        }

        File.Copy(Path.Combine(_folder["segments"], "cluster.db"), Path.Combine(_folder["a"], "cluster.db"));
        for (int start = 0; start < 2; start++)
        {
            await using ServerProgram server = await ServerProgram.ServeAsync(null, "--data", _folder["a"]);
            for (int i = 0; i < FilledFolders.Keys; i++)
            {
                using HttpResponseMessage answer = await server.Http.GetAsync($"v1/keyspaces/k/keys/{i}");
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            }

            using HttpResponseMessage put = await FilledFolders.PutAsync(
                server, $"v1/keyspaces/k/keys/after{start}", "v");
            Assert.True(put.IsSuccessStatusCode);
            await server.StopAsync();
            Assert.Empty(Directory.GetFiles(_folder["a"], "journal.db*"));
        }
    }
}
