using System.Runtime.InteropServices;

namespace Grains.Journal.Sqlite;

/// <summary>Makes the names in a folder survive a power cut, where the system asks for it.</summary>
internal static partial class FolderSync
{
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int file = Open(folder, 0);
        if (file < 0)
        {
            throw Failure(folder);
        }

        int result = Fsync(file);
        _ = Close(file);
        if (result != 0)
        {
            throw Failure(folder);
        }
    }

    private static IOException Failure(string folder) => new(
        $"The folder {folder} cannot be flushed to disk: "
        + $"{Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int file);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int file);
}
