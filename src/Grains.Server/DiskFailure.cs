using System.Diagnostics;

namespace Grains.Server;

/// <summary>
/// The end when the disk fails: after a failed fsync nobody knows what is durable, in this process least of all.
/// </summary>
internal static class DiskFailure
{
    public static void EndProcess(string what, Exception e)
    {
        Console.Error.WriteLine($"Grains ends now, because the disk failed: {what} {e.Message}");
        Console.Error.WriteLine("Nothing that was answered is lost. Look at the disk, then start again: the next start reads what is really there.");
        Console.Error.Flush();

        // Not an orderly exit: it would wait for work that must not go on.
        Process.GetCurrentProcess().Kill();
    }
}
