using Grains.Journal;
using Grains.Journal.Images;
using Grains.Journal.Segments;
using Grains.Silo;
using Grains.Silo.Cluster;

namespace Grains.Server.Backups;

/// <summary>The folder of one server.</summary>
internal sealed class FolderPlace : IDataPlace
{
    private readonly SegmentJournalOptions _journal;
    private readonly string _settings;

    private FolderPlace(SegmentJournalOptions journal, string settings) => (_journal, _settings) = (journal, settings);

    public string Name => $"the folder {_journal.Folder}";

    /// <summary>
    /// Takes the folder's lock once, so that a running server is refused before anything is read or written.
    /// </summary>
    public static async Task<FolderPlace> OpenAsync(string folder, CancellationToken cancel)
    {
        SegmentJournalOptions options = new()
        {
            Folder = folder,
            Beside = [EmbeddedData.SettingsFile],
            OnDiskFailure = DiskFailure.EndProcess,
        };
        EmbeddedData data = await EmbeddedData.OpenAsync(options, cancel);
        await using (data.Journal)
        {
            return new FolderPlace(options, data.Settings);
        }
    }

    public Task<IJournal> OpenJournalAsync(CancellationToken cancel) =>
        Task.FromResult<IJournal>(SegmentJournal.Open(_journal));

    public Task<ImageTotals> ImportAsync(IAsyncEnumerable<ImagePart> parts, long nowMs, CancellationToken cancel) =>
        SegmentImport.RunAsync(_journal, parts, nowMs, cancel);

    public async Task BindAsync(ClusterSettings settings, CancellationToken cancel)
    {
        await using SegmentJournal journal = SegmentJournal.Open(_journal);
        new EmbeddedData(journal, _settings).Rebind(settings);
    }

    public void AddSettings(ISiloBuilder silo) => silo.AddGrainsSqliteStorage(_settings);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
