namespace Grains.Faults.Tests.World;

/// <summary>
/// A folder of one test, outside every volume that it breaks. Gone afterwards, unless GRAINS_KEEP is set.
/// </summary>
internal sealed class TempFolder : IDisposable
{
    private static readonly bool _keep = Environment.GetEnvironmentVariable("GRAINS_KEEP") is { Length: > 0 };

    private readonly Action _atExit;

    public TempFolder()
    {
        LeftOvers.Remove();
        Root = Directory.CreateTempSubdirectory(LeftOvers.Prefix).FullName;
        if (!OperatingSystem.IsWindows())
        {
            // Postgres runs as a user of its own, and has its folder in here.
            System.IO.File.SetUnixFileMode(Root, System.IO.File.GetUnixFileMode(Root) | UnixFileMode.OtherExecute);
        }

        _atExit = Delete;
        AtExit.Add(_atExit);
    }

    public string Root { get; }

    public string File(string name) => Path.Combine(Root, name);

    public void Dispose()
    {
        AtExit.Remove(_atExit);
        Delete();
    }

    private void Delete()
    {
        if (!_keep && Directory.Exists(Root))
        {
            Directory.Delete(Root, recursive: true);
        }
    }
}
