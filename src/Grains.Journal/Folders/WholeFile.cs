namespace Grains.Journal.Folders;

/// <summary>
/// A small file that is only ever replaced as a whole: whoever ends on the way leaves what was there before.
/// </summary>
public static class WholeFile
{
    private const string _draft = ".new";

    /// <summary>On return the file holds these bytes, durably.</summary>
    /// <exception cref="IOException">The disk refuses; what was there stays.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> bytes) => Put(Draft(path, bytes), path);

    /// <summary>Everything but the name, durable.</summary>
    internal static string Draft(string path, ReadOnlySpan<byte> bytes)
    {
        string draft = path + _draft;
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = FolderAccess.FileMode;
        }

        try
        {
            using FileStream file = new(draft, options);
            file.Write(bytes);
            file.Flush(flushToDisk: true);
            return draft;
        }
        catch (IOException)
        {
            File.Delete(draft);
            throw;
        }
    }

    internal static void Put(string draft, string path)
    {
        File.Move(draft, path, overwrite: true);
        FolderSync.Flush(Path.GetDirectoryName(path)!);
    }
}
