using Grains.Journal.Folders;
using Grains.Journal.Images;

namespace Grains.Journal.Sqlite;

/// <summary>Puts an image into a folder that holds nothing, all of it or nothing: it is one transaction.</summary>
public static class SqliteImport
{
    /// <summary>
    /// On return everything is durable, and every partition stands behind its marked epoch record, owned by nobody. A
    /// process that ends on the way leaves the folder as empty as it was.
    /// </summary>
    /// <param name="options">Where to.</param>
    /// <param name="parts">As exported.</param>
    /// <param name="nowMs">The clock, ms since 1970, kept in the marked epoch records.</param>
    /// <param name="cancel">Ends it, with nothing written.</param>
    /// <exception cref="ImageDamagedException">The image is not what a journal gave out.</exception>
    /// <exception cref="JournalUnavailableException">The folder is in use, holds something, or its disk
    /// refuses.</exception>
    public static async Task<ImageTotals> RunAsync(
        SqliteJournalOptions options, IAsyncEnumerable<ImagePart> parts, long nowMs, CancellationToken cancel)
    {
        options.Validate();
        string folder = Path.GetFullPath(options.Folder);
        using DataFolder held = DataFolder.Open(folder, options.Files);
        try
        {
            FolderBinding.CheckHead(held);
            using SqliteDatabase database = new(held[JournalSchema.FileName]);
            JournalSchema.Prepare(database, held, options);
            new FolderBinding(database, held).Recognize();
            RefuseContents(database, folder);
            ImageChecks checks = new();
            database.Execute("BEGIN IMMEDIATE");
            ImportTransaction import = new(database, nowMs);
            await foreach (ImagePart part in parts.Checked(checks, cancel))
            {
                import.Add(part);
            }

            import.Finish();
            database.Execute("COMMIT");
            database.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
            FolderSync.Flush(folder);
            return checks.Totals;
        }
        catch (SqliteFailure e)
        {
            throw new JournalUnavailableException(
                $"The image could not be put into {folder}; nothing of it is there. {e.Message}"
                + (e.IsDiskFull ? " Free space there: it needs twice the size of the image." : ""),
                e);
        }
    }

    private static void RefuseContents(SqliteDatabase database, string folder)
    {
        long held = database.Scalar(
            "SELECT EXISTS (SELECT 1 FROM flush) + EXISTS (SELECT 1 FROM epoch) + EXISTS (SELECT 1 FROM checkpoint)");
        if (held > 0)
        {
            throw new JournalUnavailableException(
                $"The folder {folder} holds partitions already; nothing was changed. Name an empty folder, or move "
                + "this one aside.");
        }
    }
}
