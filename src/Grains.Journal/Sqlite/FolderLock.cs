using System.Globalization;
using System.Text;

namespace Grains.Journal.Sqlite;

/// <summary>
/// Keeps a second process out of a folder. The lock is the operating system's, so it ends with its holder, however
/// that ends; a LOCK file left behind blocks nobody.
/// </summary>
internal sealed class FolderLock : IDisposable
{
    private readonly FileStream _file;

    private FolderLock(FileStream file) => _file = file;

    /// <summary>Makes the folder if it is missing.</summary>
    public static FolderLock Take(string folder)
    {
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            FolderSync.Flush(Path.GetDirectoryName(folder)!);
        }

        string path = Path.Combine(folder, "LOCK");
        string holder = Path.Combine(folder, "LOCK.holder");
        FileStream file = TryLock(path, out IOException? why) ?? throw new JournalUnavailableException(
            $"The data folder {folder} is in use by {Describe(holder)}. "
            + "Stop that process, or give this one a folder of its own.",
            why);
        if (TryLock(path, out _) is { } second)
        {
            second.Dispose();
            file.Dispose();
            throw new JournalUnavailableException(
                $"Files in {folder} cannot be locked, so nothing would keep a second process out. "
                + "Use a folder on a local disk, without DOTNET_SYSTEM_IO_DISABLEFILELOCKING.");
        }

        // A locked file cannot be read by others everywhere: the same words stand beside it.
        byte[] words = Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"pid {Environment.ProcessId}, since {DateTimeOffset.UtcNow:O}\n"));
        file.SetLength(0);
        file.Write(words);
        file.Flush(flushToDisk: true);
        File.WriteAllBytes(holder, words);
        return new FolderLock(file);
    }

    public void Dispose() => _file.Dispose();

    private static FileStream? TryLock(string path, out IOException? why)
    {
        try
        {
            why = null;
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e.GetType() == typeof(IOException))
        {
            why = e;
            return null;
        }
    }

    private static string Describe(string holder)
    {
        try
        {
            string words = File.ReadAllText(holder).Trim();
            return words.Length > 0 ? words : "another process";
        }
        catch (IOException)
        {
            return "another process";
        }
    }
}
