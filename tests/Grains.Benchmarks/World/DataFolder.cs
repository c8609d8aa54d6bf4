namespace Grains.Benchmarks.World;

/// <summary>Where this run keeps its bytes; gone afterwards, however it ends but by SIGKILL.</summary>
internal sealed class DataFolder : IDisposable
{
    private int _next;

    public DataFolder(string parent)
    {
        Root = Path.Combine(Path.GetFullPath(parent), $"grains-bench-{Guid.NewGuid():n}");
        Directory.CreateDirectory(Root);
        AppDomain.CurrentDomain.ProcessExit += Delete;
    }

    public string Root { get; }

    /// <summary>An empty folder.</summary>
    public string New()
    {
        string folder = Path.Combine(Root, $"{++_next}");
        Directory.CreateDirectory(folder);
        return folder;
    }

    public static long BytesOf(string folder) =>
        new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length);

    public static void Copy(string from, string to)
    {
        foreach (FileInfo file in new DirectoryInfo(from).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, file.FullName));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            file.CopyTo(copy);
        }
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= Delete;
        Delete(null, EventArgs.Empty);
    }

    private void Delete(object? sender, EventArgs e)
    {
        if (Directory.Exists(Root))
        {
            Directory.Delete(Root, recursive: true);
        }
    }
}
