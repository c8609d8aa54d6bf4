using Grains.Journal.Folders;
using Microsoft.Win32.SafeHandles;

namespace Grains.Journal.Segments;

/// <summary>
/// One file of the log, open. Which rows of it are needed, and who reads, is guarded by its <see cref="SegmentSet"/>.
/// </summary>
internal sealed class SegmentFile(string path, SafeFileHandle handle, SegmentHeader? header) : IDisposable
{
    /// <summary>Where it is now.</summary>
    public string Path { get; private set; } = path;

    public string Name => System.IO.Path.GetFileName(Path);

    public long Length { get; } = RandomAccess.GetLength(handle);

    /// <summary>What its first bytes say; a spare says nothing that counts.</summary>
    public SegmentHeader Header { get; private set; } = header!;

    /// <summary>The rows that somebody needs.</summary>
    public Dictionary<long, RowPlace> Rows { get; set; } = [];

    /// <summary>The bytes of them.</summary>
    public long NeededBytes { get; set; }

    /// <summary>Something in it cannot be read: it stays as it is.</summary>
    public bool IsDamaged { get; set; }

    /// <summary>Who reads in it.</summary>
    public int Readers { get; set; }

    /// <summary>It is closed when nobody reads in it.</summary>
    public bool IsGone { get; set; }

    public static SegmentFile Open(string path, SegmentHeader? header) =>
        new(path, OpenHandle(path, FileMode.Open), header);

    /// <summary>A file of zeros, all of which the disk has.</summary>
    /// <exception cref="IOException">It has not, or fails; nothing is left.</exception>
    public static SegmentFile Create(string path, long bytes)
    {
        const int blockBytes = 1 << 20;
        string draft = path + SegmentNames.Draft;
        File.Delete(draft);
        SafeFileHandle handle = OpenHandle(draft, FileMode.CreateNew);
        try
        {
            FolderSync.Allocate(handle, bytes);
            byte[] zeros = new byte[Math.Min(bytes, blockBytes)];
            for (long at = 0; at < bytes; at += zeros.Length)
            {
                RandomAccess.Write(handle, zeros.AsSpan(0, (int)Math.Min(zeros.Length, bytes - at)), at);

                // A little at a time, so that no flush waits behind all of it.
                FolderSync.FlushData(handle);
            }

            File.Move(draft, path, overwrite: true);
            return new SegmentFile(path, handle, null);
        }
        catch
        {
            handle.Dispose();
            File.Delete(draft);
            throw;
        }
    }

    public void Begin(SegmentHeader begun)
    {
        Header = begun;
        Rows = [];
        NeededBytes = 0;
    }

    public void Write(ReadOnlySpan<byte> bytes, long at) => RandomAccess.Write(handle, bytes, at);

    public void Sync() => FolderSync.FlushData(handle);

    /// <returns>How many bytes there were.</returns>
    public int Read(Span<byte> into, long at)
    {
        int read = 0;
        while (read < into.Length && RandomAccess.Read(handle, into[read..], at + read) is > 0 and var more)
        {
            read += more;
        }

        return read;
    }

    /// <summary>The name becomes durable with its folder.</summary>
    public void Rename(string name)
    {
        string to = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path)!, name);
        File.Move(Path, to, overwrite: true);
        Path = to;
    }

    public void Dispose() => handle.Dispose();

    private static SafeFileHandle OpenHandle(string path, FileMode mode)
    {
        SafeFileHandle handle = File.OpenHandle(
            path, mode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        if (mode == FileMode.CreateNew && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(handle, FolderAccess.FileMode);
        }

        return handle;
    }
}

/// <summary>Where a row's head stands in its segment, and how far it reaches.</summary>
internal readonly record struct RowPlace(long Offset, long Span);
