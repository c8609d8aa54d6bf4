using System.Runtime.InteropServices;
using System.Text;

namespace Grains.Journal.Folders;

/// <summary>What a name leads to, links not followed: which file it is, whose, and who may do what with it.</summary>
/// <param name="Device">Of the file system.</param>
/// <param name="Number">Of the file in it; 0 where the system has none.</param>
/// <param name="Kind">The kind in the bits of <c>st_mode</c>.</param>
/// <param name="Owner">The user's number; null where the system has none.</param>
/// <param name="Mode">The permissions.</param>
/// <param name="Bytes">The size.</param>
public readonly partial record struct FileTrait(
    ulong Device, ulong Number, FileKind Kind, uint? Owner, UnixFileMode Mode, long Bytes)
{
    private const int _currentFolder = -100;
    private const int _noFollow = 0x100;
    private const uint _basic = 0x7ff;
    private const int _statxBytes = 256;
    private const int _notFound = 2;
    private const int _notAFolder = 20;

    /// <summary>Who this process is; null where the system has no numbers for users.</summary>
    public static uint? Self => OperatingSystem.IsWindows() ? null : EffectiveUser();

    /// <summary>True: the same file, whatever was written to it since.</summary>
    public bool IsSameFile(FileTrait other) => (Device, Number, Kind) == (other.Device, other.Number, other.Kind);

    /// <summary>A name as the system takes it, for <see cref="Of(byte[])"/>.</summary>
    public static byte[] Encode(string path) => [.. Encoding.UTF8.GetBytes(path), 0];

    /// <returns>Null: nothing has this name.</returns>
    public static FileTrait? Of(string path) => Of(Encode(path));

    /// <returns>Null: nothing has this name.</returns>
    /// <exception cref="IOException">The system does not say.</exception>
    public static FileTrait? Of(byte[] path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return Portable(Encoding.UTF8.GetString(path.AsSpan(0, path.Length - 1)));
        }

        Span<byte> found = stackalloc byte[_statxBytes];
        if (Statx(_currentFolder, path, _noFollow, _basic, found) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            return error is _notFound or _notAFolder ? null : throw new IOException(
                $"{Encoding.UTF8.GetString(path.AsSpan(0, path.Length - 1))} cannot be looked at: "
                + $"{Marshal.GetPInvokeErrorMessage(error)}.");
        }

        ushort mode = MemoryMarshal.Read<ushort>(found[28..]);
        return new FileTrait(
            ((ulong)MemoryMarshal.Read<uint>(found[136..]) << 32) | MemoryMarshal.Read<uint>(found[140..]),
            MemoryMarshal.Read<ulong>(found[32..]),
            (FileKind)(mode >> 12),
            MemoryMarshal.Read<uint>(found[20..]),
            (UnixFileMode)(mode & 0xfff),
            (long)MemoryMarshal.Read<ulong>(found[40..]));
    }

    private static FileTrait? Portable(string path)
    {
        FileSystemInfo info = Directory.Exists(path) ? new DirectoryInfo(path) : new FileInfo(path);
        FileKind kind = info.LinkTarget is not null
            ? FileKind.Link : info is FileInfo ? FileKind.File
            : FileKind.Folder;
        return !info.Exists && kind != FileKind.Link ? null : new FileTrait(
            0, 0, kind, null, OperatingSystem.IsWindows() ? default : info.UnixFileMode,
            (info as FileInfo)?.Length ?? 0);
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int Statx(int folder, byte[] path, int flags, uint mask, Span<byte> found);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();
}

/// <summary>The kinds of file, numbered as in <c>st_mode</c>.</summary>
public enum FileKind
{
    Pipe = 1,
    CharacterDevice = 2,
    Folder = 4,
    BlockDevice = 6,
    File = 8,
    Link = 10,
    Socket = 12,
}
