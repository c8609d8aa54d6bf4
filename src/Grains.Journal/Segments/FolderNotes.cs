using Grains.Journal.Folders;

namespace Grains.Journal.Segments;

/// <summary>What the folder is told of each flush, and asked before its answers. The writer's own.</summary>
internal sealed class FolderNotes(DataFolder folder, ulong records)
{
    private ulong _records = records;
    private string? _watched;

    /// <summary>The disk is full, and what room there is belongs to a start.</summary>
    public bool IsTight => folder.IsTight;

    /// <summary>A segment began, and is durable: nothing in it was answered yet.</summary>
    public void Begun(SegmentFile segment)
    {
        folder.BeginLog(segment.Header.Number);
        Watch(segment);
    }

    /// <summary>Rows go here from now on.</summary>
    public void Watch(SegmentFile segment)
    {
        string name = Path.Combine(SegmentNames.Folder, segment.Name);
        folder.WatchInstead(_watched, name);
        _watched = name;
    }

    /// <summary>The flush is durable, in the file that is open: it must be the one that the next start finds.</summary>
    public void Committed(ulong revisions, long segment)
    {
        folder.EnsureWhole();
        _records += revisions;
        folder.Note(_records, segment);
    }

    /// <summary>Why a flush failed, if a file was taken away: whatever the system made of it.</summary>
    public Exception Lost(Exception e) =>
        e is not FolderLostException && folder.Lost is { } what ? new FolderLostException(what) : e;
}
