using Grains.Journal.Folders;

namespace Grains.Journal.Segments;

/// <summary>The journal's own folder in that of the data: made, or put in whole in place of an empty one.</summary>
internal static class JournalFolder
{
    /// <summary>It is there, closed to others; what an interrupted import left is settled.</summary>
    public static void Open(DataFolder folder)
    {
        string path = folder[SegmentNames.Folder];
        string former = folder[SegmentNames.FormerFolder];
        Forget(folder[SegmentNames.DraftFolder]);
        if (Directory.Exists(former) && !Directory.Exists(path))
        {
            Directory.Move(former, path);
        }

        Forget(former);
        FolderAccess.Claim(path);
    }

    /// <summary>An empty one, for what is to be put in.</summary>
    public static string Draft(DataFolder folder)
    {
        string draft = folder[SegmentNames.DraftFolder];
        Forget(draft);
        FolderAccess.Claim(draft);
        return draft;
    }

    /// <summary>
    /// The draft, every byte of it durable, becomes the journal; whoever ends on the way leaves one of the two.
    /// </summary>
    public static void PutDraft(DataFolder folder)
    {
        string path = folder[SegmentNames.Folder];
        string former = folder[SegmentNames.FormerFolder];
        Forget(former);
        if (Directory.Exists(path))
        {
            Directory.Move(path, former);
        }

        Directory.Move(folder[SegmentNames.DraftFolder], path);
        FolderSync.Flush(folder.Path);
        Forget(former);
    }

    public static void Forget(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
