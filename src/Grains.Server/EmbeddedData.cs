using Grains.Journal;
using Grains.Journal.Folders;
using Grains.Journal.Migration;
using Grains.Journal.Segments;
using Grains.Silo.Cluster;

namespace Grains.Server;

/// <summary>
/// The folder of one server, open: its journal, and its settings beside it, of which each knows the other.
/// </summary>
/// <param name="Journal">Whose folder it is: disposed, it is free.</param>
/// <param name="Settings">The connection string to the settings.</param>
internal sealed record EmbeddedData(SegmentJournal Journal, string Settings)
{
    /// <summary>The cluster's settings, beside the journal.</summary>
    public const string SettingsFile = "cluster.db";

    /// <exception cref="JournalUnavailableException">A file is missing, another folder's, or an older copy.</exception>
    public static async Task<EmbeddedData> OpenAsync(SegmentJournalOptions options, CancellationToken cancel)
    {
        options = options with { Beside = [SettingsFile] };
        await SqliteMigration.RunAsync(options, cancel);
        SegmentJournal journal = SegmentJournal.Open(options);
        try
        {
            SqliteMigration.Sweep(journal.Folder);
            string settings = await ClusterStorage.PrepareSqliteAsync(journal.Folder[SettingsFile], cancel);
            ClusterSettings? stored = await ClusterStorage.ReadSqliteAsync(settings, cancel);
            if (stored is null && journal.HoldsPartitions)
            {
                throw journal.Folder.Refusal(
                    SettingsFile, "holds no settings of a cluster, and the journal beside it holds partitions.");
            }

            // What is being restored is refused by its own words, and may be begun again under another id.
            if (stored is not { Restoring: not null })
            {
                journal.Folder.Check(SettingsFile, Of(stored));
            }

            journal.Folder.Watch(SettingsFile);
            return new EmbeddedData(journal, settings);
        }
        catch
        {
            await journal.DisposeAsync();
            throw;
        }
    }

    /// <summary>Before any partition runs on them, and after each change: the folder names its settings.</summary>
    /// <exception cref="ClusterSettingsException">They are not this folder's.</exception>
    public void Bind(ClusterSettings settings)
    {
        try
        {
            Journal.Folder.Bind(SettingsFile, Of(settings)!);
        }
        catch (JournalUnavailableException e)
        {
            throw new ClusterSettingsException(e.Message);
        }
    }

    /// <summary>What was restored takes the place of what an earlier try put in.</summary>
    public void Rebind(ClusterSettings settings) => Journal.Folder.Bind(SettingsFile, Of(settings)!, isRestored: true);

    private static FolderSettings? Of(ClusterSettings? settings) =>
        settings is null ? null : new(settings.ClusterId, settings.Partitions, settings.Version);
}
