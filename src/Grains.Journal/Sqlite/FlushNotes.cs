using Grains.Journal.Folders;

namespace Grains.Journal.Sqlite;

/// <summary>What the folder is told of each flush, and asked before its answers. The writer's own.</summary>
internal sealed class FlushNotes(DataFolder folder, FolderBinding binding, ulong records)
{
    private ulong _records = records;
    private bool _isLogStaged;

    /// <summary>In the transaction, before its commit.</summary>
    public void Stage(bool mayBeginLog)
    {
        _isLogStaged = mayBeginLog;
        if (mayBeginLog)
        {
            binding.StageLog();
        }
    }

    /// <summary>
    /// The commit is durable, in the files that are open: they must be those that the next start finds.
    /// </summary>
    public void Committed(ulong revisions)
    {
        folder.EnsureWhole();
        if (_isLogStaged)
        {
            binding.LogStaged();
        }

        _records += revisions;
        folder.Note(_records, binding.Log);
    }

    /// <summary>Why a flush failed, if a file was taken away: whatever SQLite made of it.</summary>
    public Exception Lost(Exception e) =>
        e is not FolderLostException && folder.Lost is { } what ? new FolderLostException(what) : e;
}
