using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Grains.Journal.Folders;

/// <summary>Makes the names in a folder survive a power cut, where the system asks for it.</summary>
internal static partial class FolderSync
{
    private const int _interrupted = 4;

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

    /// <summary>What was written to a file, and its size, survives a power cut; its times need not.</summary>
    /// <exception cref="IOException">What is durable is not known.</exception>
    public static void FlushData(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(file);
            return;
        }

        while (FlushFileData(file) != 0)
        {
            if (Marshal.GetLastPInvokeError() is var error && error != _interrupted)
            {
                throw new IOException($"It cannot be flushed to disk: {Marshal.GetPInvokeErrorMessage(error)}.", error);
            }
        }
    }

    /// <summary>Room on the disk for so many bytes of a file, all of it or none; the file is as long then.</summary>
    /// <exception cref="IOException">There is none: <see cref="FolderAccess.IsDiskFull"/>.</exception>
    public static void Allocate(SafeFileHandle file, long bytes)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.SetLength(file, bytes);
            return;
        }

        int error;
        while ((error = Allocate(file, 0, bytes)) == _interrupted)
        {
        }

        if (error != 0)
        {
            throw new IOException(
                $"There is no room for {bytes} bytes: {Marshal.GetPInvokeErrorMessage(error)}.", error);
        }
    }

    /// <summary>For a look at a file that is locked, which .NET's own streams would wait for or be refused.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static SafeFileHandle OpenToRead(string path) => Open(path, 0) is >= 0 and var file
        ? new SafeFileHandle(file, ownsHandle: true)
        : throw new IOException(
            $"{path} cannot be opened: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");

    private static IOException Failure(string folder) => new(
        $"The folder {folder} cannot be flushed to disk: "
        + $"{Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int file);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FlushFileData(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "posix_fallocate")]
    private static partial int Allocate(SafeFileHandle file, long at, long bytes);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int file);
}
