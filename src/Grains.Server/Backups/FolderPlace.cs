using Grains.Journal;
using Grains.Journal.Images;
using Grains.Journal.Sqlite;
using Grains.Silo;
using Grains.Silo.Cluster;

namespace Grains.Server.Backups;

/// <summary>The folder of one server.</summary>
internal sealed class FolderPlace : IDataPlace
{
    private readonly SqliteJournalOptions _journal;
    private readonly string _settings;

    private FolderPlace(string folder, string settings)
    {
        _journal = new SqliteJournalOptions { Folder = folder, OnDiskFailure = DiskFailure.EndProcess };
        _settings = settings;
    }

    public string Name => $"the folder {_journal.Folder}";

    /// <summary>
    /// Takes the folder's lock once, so that a running server is refused before anything is read or written.
    /// </summary>
    public static async Task<FolderPlace> OpenAsync(string folder, CancellationToken cancel)
    {
        await using (SqliteJournal.Open(new SqliteJournalOptions { Folder = folder }))
        {
            string settings = await ClusterStorage.PrepareSqliteAsync(Path.Combine(folder, EmbeddedHost.SettingsFile), cancel);
            return new FolderPlace(folder, settings);
        }
    }

    public Task<IJournal> OpenJournalAsync(CancellationToken cancel) => Task.FromResult<IJournal>(SqliteJournal.Open(_journal));

    public Task<ImageTotals> ImportAsync(IAsyncEnumerable<ImagePart> parts, long nowMs, CancellationToken cancel) =>
        SqliteImport.RunAsync(_journal, parts, nowMs, cancel);

    public void AddSettings(ISiloBuilder silo) => silo.AddGrainsSqliteStorage(_settings);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
