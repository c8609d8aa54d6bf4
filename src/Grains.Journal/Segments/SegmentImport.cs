using Grains.Journal.Folders;
using Grains.Journal.Images;

namespace Grains.Journal.Segments;

/// <summary>Puts an image into a folder that holds nothing, all of it or nothing: it is one rename.</summary>
public static class SegmentImport
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
    /// <exception cref="JournalUnavailableException">
    /// The folder is in use, holds something, or its disk refuses.
    /// </exception>
    public static async Task<ImageTotals> RunAsync(
        SegmentJournalOptions options, IAsyncEnumerable<ImagePart> parts, long nowMs, CancellationToken cancel)
    {
        options.Validate();
        string path = Path.GetFullPath(options.Folder);
        using DataFolder folder = DataFolder.Open(path, options.Files);
        JournalFolder.Open(folder);
        RefuseContents(folder);
        folder.Recognize(SegmentNames.Folder, null);
        return await PutAsync(folder, options, parts, nowMs, cancel);
    }

    private static async Task<ImageTotals> PutAsync(
        DataFolder folder,
        SegmentJournalOptions options,
        IAsyncEnumerable<ImagePart> parts,
        long nowMs,
        CancellationToken cancel)
    {
        FolderIdentity identity = folder.Identity!;
        string draft = JournalFolder.Draft(folder);
        try
        {
            ImageChecks checks = new();
            using (SegmentBuilder builder = new(draft, identity, options, nowMs))
            {
                await foreach (ImagePart part in parts.Checked(checks, cancel))
                {
                    builder.Add(part);
                }

                builder.Finish();
            }

            JournalFolder.PutDraft(folder);
            return checks.Totals;
        }
        catch (Exception e) when (e is NoRoomException || (e is IOException io && FolderAccess.IsDiskFull(io)))
        {
            JournalFolder.Forget(draft);
            throw new JournalUnavailableException(
                $"The image could not be put into {folder.Path}; nothing of it is there. {e.Message} "
                + "Free space there: it needs the size of the image, and some more.",
                e);
        }
        catch
        {
            JournalFolder.Forget(draft);
            throw;
        }
    }

    private static void RefuseContents(DataFolder folder)
    {
        using SegmentFiles? files = SegmentFiles.Find(folder);
        if (files is null)
        {
            return;
        }

        SegmentOpening opening = new(folder, files);
        opening.Run();
        if (!opening.Logs.IsEmpty)
        {
            throw new JournalUnavailableException(
                $"The folder {folder.Path} holds partitions already; nothing was changed. "
                + "Name an empty folder, or move this one aside.");
        }
    }
}
