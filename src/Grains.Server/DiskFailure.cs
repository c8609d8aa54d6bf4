using Grains.Journal.Folders;

namespace Grains.Server;

/// <summary>
/// The end when the disk fails: after a failed fsync nobody knows what is durable, in this process least of all. The
/// same after a commit for which there was no memory.
/// </summary>
internal static class DiskFailure
{
    public static void EndProcess(string what, Exception e)
    {
        if (e is FolderLostException)
        {
            Console.Error.WriteLine($"Grains ends now: {what}");
            Console.Error.WriteLine(
                "Put it back if it was moved, or restore the folder from a backup, and start again; what is missing "
                + "is named then.");
        }
        else
        {
            bool isMemory = e is OutOfMemoryException;
            Console.Error.WriteLine(
                $"Grains ends now, because {(isMemory ? "it has no memory left" : "the disk failed")}: {what} "
                + $"{e.Message}");
            Console.Error.WriteLine(
                $"Nothing that was answered is lost. {(isMemory ? "Give it more memory" : "Look at the disk")}, then "
                + "start again: "
                + "the next start reads what is really there.");
        }

        Console.Error.Flush();
        ExitCode.EndAtOnce();
    }
}
