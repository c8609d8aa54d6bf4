using System.Runtime.InteropServices;

namespace Grains.Journal.Folders;

/// <summary>
/// Who may see a folder: its owner alone. Another user of the machine would read values and secrets there, and could
/// hold the locks that a file is written under.
/// </summary>
public static partial class FolderAccess
{
    public const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    public const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int _othersMask = 0x3f;

    /// <summary>What this process makes from now on is its user's alone, whatever it was started with.</summary>
    public static void CloseNewFiles()
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = SetMask(_othersMask);
        }
    }

    /// <summary>Makes a folder that is missing, and closes one that is open.</summary>
    /// <exception cref="JournalUnavailableException">It is no folder of this user's, or cannot be made one.</exception>
    public static void Claim(string folder)
    {
        try
        {
            if (FileTrait.Of(folder) is null)
            {
                if (Path.GetDirectoryName(folder) is { } above && FileTrait.Of(above) is { Kind: FileKind.File } file)
                {
                    Check(above, file, FileKind.Folder);
                }

                Make(folder);
            }

            FileTrait found = FileTrait.Of(folder)
                ?? throw new JournalUnavailableException(
                    $"The folder {folder} was removed while it was opened. Start again.");
            Check(folder, found, FileKind.Folder);
            Close(folder, found, FolderMode);
            foreach (string file in Directory.EnumerateFileSystemEntries(folder).Where(f => !IsLostAndFound(f)))
            {
                ClaimFile(file);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JournalUnavailableException($"The data folder {folder} cannot be used: {Reason(e)}", e);
        }
    }

    /// <summary>What to say of a file that cannot be used, and what to do.</summary>
    public static string Reason(Exception e) => e switch
    {
        UnauthorizedAccessException => $"{e.Message.TrimEnd('.')}. Give this user the right, or name another folder.",
        _ when e.HResult is 30 => "the file system is read-only. Mount it for writing, or name another folder.",
        DirectoryNotFoundException => $"{e.Message.TrimEnd('.')}. Make the folder above it, or name another.",
        _ => $"{e.Message.TrimEnd('.')}. Look at the disk, or name another folder.",
    };

    /// <summary>ENOSPC and EDQUOT, as Linux numbers them; Windows has its own.</summary>
    public static bool IsDiskFull(IOException e) => e.HResult is 28 or 122 or unchecked((int)0x80070070);

    /// <exception cref="JournalUnavailableException">It is something else, or another user's.</exception>
    public static void Check(string path, FileTrait found, FileKind wanted)
    {
        if (found.Kind == FileKind.Link)
        {
            throw new JournalUnavailableException(
                $"{path} is a symbolic link, and links are not followed: whoever may change it would choose the data. "
                + "Name the place that it leads to, or put that in its place.");
        }

        if (found.Kind != wanted)
        {
            throw new JournalUnavailableException(
                $"{path} is a {Name(found.Kind)} and should be a {Name(wanted)}. Move it away, or name another "
                + "folder.");
        }

        if (found.Owner is { } owner && owner != FileTrait.Self)
        {
            throw new JournalUnavailableException(
                $"{path} belongs to user {owner}, and this process runs as user {FileTrait.Self}. "
                + $"Run it as that user, or give the files to this one: chown -R {FileTrait.Self} "
                + $"{Path.GetDirectoryName(path)}.");
        }
    }

    private static void ClaimFile(string path)
    {
        // Gone in between: nobody's.
        if (FileTrait.Of(path) is { Kind: not FileKind.Socket } found)
        {
            if (found.Kind == FileKind.Folder)
            {
                // Not a place for data of ours; the closed folder around it is enough.
                return;
            }

            Check(path, found, FileKind.File);
            Close(path, found, FileMode);
        }
    }

    private static void Make(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, FolderMode);
        }

        FolderSync.Flush(Path.GetDirectoryName(folder)!);
    }

    private static void Close(string path, FileTrait found, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows() && ((int)found.Mode & _othersMask) != 0)
        {
            File.SetUnixFileMode(path, mode);
        }
    }

    /// <summary>What a file system puts at its own root.</summary>
    private static bool IsLostAndFound(string path) => Path.GetFileName(path) == "lost+found";

    private static string Name(FileKind kind) => kind switch
    {
        FileKind.File => "file",
        FileKind.Folder => "folder",
        FileKind.Link => "symbolic link",
        FileKind.Pipe => "pipe",
        FileKind.Socket => "socket",
        _ => "device",
    };

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial int SetMask(int mask);
}
