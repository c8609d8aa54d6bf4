using Grains.Journal;
using Grains.Journal.Folders;
using Grains.Journal.Segments;
using Grains.Silo.Cluster;

namespace Grains.Server;

/// <summary>
/// The folder of one server, open: its journal, and its settings beside it, of which each knows the other.
/// </summary>
/// <param name="Journal">Whose folder it is: disposed, it is free.</param>
/// <param name="Settings">Where the settings are.</param>
internal sealed record EmbeddedData(SegmentJournal Journal, ClusterSettingsFile Settings)
{
    /// <summary>The cluster's settings, beside the journal.</summary>
    public const string SettingsFile = "CLUSTER";

    /// <summary>What builds before the first release kept in SQLite, and which no version reads.</summary>
    private static readonly string[] _formerFiles = ["journal.db", "cluster.db"];

    /// <exception cref="JournalUnavailableException">A file is missing, another folder's, or an older copy.</exception>
    public static async Task<EmbeddedData> OpenAsync(SegmentJournalOptions options)
    {
        options = options with { Beside = [SettingsFile] };
        RefuseFormer(options.Folder);
        SegmentJournal journal = SegmentJournal.Open(options);
        try
        {
            ClusterSettingsFile settings = ClusterSettingsFile.In(journal.Folder, SettingsFile);
            ClusterSettings? stored = settings.Read();
            if (stored is null && journal.HoldsPartitions)
            {
                throw journal.Folder.Refusal(
                    SettingsFile, "is missing, and the journal beside it holds partitions.");
            }

            // What is being restored is refused by its own words, and may be begun again under another id.
            if (stored is not { Restoring: not null })
            {
                journal.Folder.Check(SettingsFile, Of(stored));
            }

            if (stored is not null)
            {
                journal.Folder.Watch(SettingsFile);
            }

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

    /// <exception cref="JournalUnavailableException">It is a folder of such a build. Nothing was changed.</exception>
    public static void RefuseFormer(string folder)
    {
        if (_formerFiles.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists) is { } former)
        {
            throw new JournalUnavailableException(
                $"{former} was written by a build from before the first release, and this version cannot read it. "
                + "Nothing was changed. Name an empty folder, or take a backup with that build (GET /v1/backup) and "
                + "put it into an empty folder with this one: restore FILE --data FOLDER.");
        }
    }

    private static FolderSettings? Of(ClusterSettings? settings) =>
        settings is null ? null : new(settings.ClusterId, settings.Partitions, settings.Version);
}
