using Grains.Journal.Folders;
using Grains.Journal.Images;
using Grains.Journal.Segments;
using Grains.Journal.Sqlite;

namespace Grains.Journal.Migration;

/// <summary>
/// Turns a folder whose journal is a SQLite file into one with a log of segments: the same history, epochs and ids
/// included. The log is whole before it takes the file's place, and the file goes only when the log was opened.
/// </summary>
public static class SqliteMigration
{
    private static readonly string[] _files = [JournalSchema.FileName, FolderBinding.WalName, FolderBinding.ShmName];

    /// <summary>Before the folder's journal is opened.</summary>
    /// <param name="options">Of the journal that it is to have.</param>
    /// <param name="cancel">Ends it, with nothing changed.</param>
    /// <returns>How much was moved; null if there was nothing to do.</returns>
    /// <exception cref="JournalUnavailableException">
    /// The folder is in use, its journal is not what was written, or there is no room for both. Nothing was changed.
    /// </exception>
    public static async Task<ImageTotals?> RunAsync(SegmentJournalOptions options, CancellationToken cancel)
    {
        options.Validate();
        string folder = Path.GetFullPath(options.Folder);
        if (!File.Exists(Path.Combine(folder, JournalSchema.FileName))
            || Directory.Exists(Path.Combine(folder, SegmentNames.Folder)))
        {
            return null;
        }

        await using SqliteJournal journal = SqliteJournal.Open(new SqliteJournalOptions
        {
            Folder = folder,
            Beside = options.Beside,
            OnDiskFailure = options.OnDiskFailure,
        });
        return await SegmentImport.PutAsync(
            journal.Folder, options, journal.ExportAsync(cancel), forkedAtMs: null, cancel);
    }

    /// <summary>After it was opened: what the log was made from is not needed any more.</summary>
    public static void Sweep(DataFolder folder)
    {
        foreach (string name in _files)
        {
            File.Delete(folder[name]);
        }
    }
}
