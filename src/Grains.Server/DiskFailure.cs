using Grains.Journal.Folders;

namespace Grains.Server;

/// <summary>
/// The end when the disk fails: after a failed fsync nobody knows what is durable, in this process least of all.
/// </summary>
internal static class DiskFailure
{
    public static void EndProcess(string what, Exception e)
    {
        if (e is FolderLostException)
        {
            Console.Error.WriteLine($"Grains ends now: {what}");
            Console.Error.WriteLine("Put it back if it was moved, or restore the folder from a backup, and start again; what is missing is named then.");
        }
        else
        {
            Console.Error.WriteLine($"Grains ends now, because the disk failed: {what} {e.Message}");
            Console.Error.WriteLine("Nothing that was answered is lost. Look at the disk, then start again: the next start reads what is really there.");
        }

        Console.Error.Flush();
        ExitCode.EndAtOnce();
    }
}
