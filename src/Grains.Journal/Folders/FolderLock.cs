using System.Globalization;
using System.Text;

namespace Grains.Journal.Folders;

/// <summary>
/// Keeps a second process out of a folder. The lock is the operating system's and on the open file, so it ends with its
/// holder, however that ends; a file left behind blocks nobody.
/// </summary>
internal sealed class FolderLock : IDisposable
{
    public const string FileName = "LOCK";
    private const int _wordsBytes = 96;
    private readonly FileStream _file;

    private FolderLock(FileStream file) => _file = file;

    /// <exception cref="JournalUnavailableException">It is held by another process, or cannot be taken at
    /// all.</exception>
    public static FolderLock Take(string folder)
    {
        string path = Path.Combine(folder, FileName);
        FileStream file = Lock(path, folder);
        try
        {
            if (CanBeTakenTwice(path))
            {
                throw new JournalUnavailableException(
                    $"Files in {folder} cannot be locked, so nothing would keep a second process out. "
                    + "Use a folder on a local disk, without DOTNET_SYSTEM_IO_DISABLEFILELOCKING.");
            }

            return new FolderLock(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <exception cref="JournalUnavailableException">It is held by another process, or cannot be taken at
    /// all.</exception>
    public static FileStream Lock(string path, string folder)
    {
        try
        {
            return Open(path);
        }
        catch (IOException e) when (IsHeld(e))
        {
            throw new JournalUnavailableException(
                $"The data folder {folder} is in use by {Holder(folder)}. "
                + "Stop that process, or give this one a folder of its own.",
                e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JournalUnavailableException($"The lock {path} cannot be taken: {FolderAccess.Reason(e)}", e);
        }
    }

    /// <summary>
    /// For people; once nothing else can keep this process out. The disk may be full, and the lock is held without it.
    /// </summary>
    public void Sign()
    {
        try
        {
            string words = string.Create(
                CultureInfo.InvariantCulture,
                $"pid {Environment.ProcessId}, since {DateTimeOffset.UtcNow:yyyy-MM-dd'T'HH:mm:ss'Z'}");
            _file.Position = 0;
            _file.Write(Encoding.UTF8.GetBytes(words.PadRight(_wordsBytes - 1) + "\n"));
            _file.SetLength(_wordsBytes);
            _file.Flush(flushToDisk: true);
        }
        catch (IOException e) when (FolderAccess.IsDiskFull(e))
        {
            // The words of whoever held it before stay there.
        }
    }

    public void Dispose() => _file.Dispose();

    private static FileStream Open(string path)
    {
        FileStreamOptions options = new()
        {
            Mode = System.IO.FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = FolderAccess.FileMode;
        }

        return new FileStream(path, options);
    }

    private static bool CanBeTakenTwice(string path)
    {
        try
        {
            Open(path).Dispose();
            return true;
        }
        catch (IOException e) when (IsHeld(e))
        {
            return false;
        }
    }

    /// <summary>EWOULDBLOCK of Linux and of BSD; a sharing violation of Windows.</summary>
    private static bool IsHeld(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020);

    private static string Holder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return "another process";
        }

        try
        {
            using FileStream file = new(FolderSync.OpenToRead(Path.Combine(folder, FileName)), FileAccess.Read);
            using StreamReader words = new(file);
            return words.ReadToEnd().Trim() is { Length: > 0 } said ? said : "another process";
        }
        catch (IOException)
        {
            return "another process";
        }
    }
}
