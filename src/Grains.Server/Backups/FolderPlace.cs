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
    private readonly ClusterSettingsFile _settings;

    private FolderPlace(SegmentJournalOptions journal, ClusterSettingsFile settings) =>
        (_journal, _settings) = (journal, settings);

    public string Name => $"the folder {_journal.Folder}";

    /// <summary>
    /// Takes the folder's lock once, so that a running server is refused before anything is read or written.
    /// </summary>
    public static async Task<FolderPlace> OpenAsync(string folder)
    {
        SegmentJournalOptions options = new()
        {
            Folder = folder,
            Beside = [EmbeddedData.SettingsFile],
            OnDiskFailure = DiskFailure.EndProcess,
        };
        EmbeddedData data = await EmbeddedData.OpenAsync(options);
        await using (data.Journal)
        {
            return new FolderPlace(options, ClusterSettingsFile.At(data.Journal.Folder[EmbeddedData.SettingsFile]));
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

    public void AddSettings(ISiloBuilder silo) => silo.AddGrainsSettings(_settings);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
