namespace Grains.Faults.Tests.World;

/// <summary>
/// What this process makes outside of itself has its id in the name. So the next test run finds what is left of one
/// that was killed, and removes it.
/// </summary>
internal static class LeftOvers
{
    private const string _prefix = "grains-faults-";
    private static readonly Lazy<bool> _removed = new(() =>
    {
        RemoveNow();
        return true;
    });

    /// <summary>How names begin that this process gives.</summary>
    public static string Prefix { get; } = $"{_prefix}{Environment.ProcessId}-";

    /// <summary>Once in this process.</summary>
    public static void Remove() => _ = _removed.Value;

    /// <summary>
    /// Network namespaces with the processes inside, which have no parent any more, then mounted volumes.
    /// </summary>
    public static void RemoveNow()
    {
        if (OperatingSystem.IsLinux())
        {
            RemoveNamespaces();
            RemoveVolumes();
        }
    }

    // Another run may be doing the same at this moment; so what fails here has been done, or will be.
    private static void RemoveNamespaces()
    {
        foreach (string space in Network.Spaces().Where(IsOfTheDead))
        {
            (_, string inside) = Tool.Run("ip", "netns", "pids", space);
            foreach (string process in inside.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                Tool.Run("kill", "-KILL", process);
            }

            Tool.Run("ip", "netns", "del", space);
        }
    }

    private static void RemoveVolumes()
    {
        IEnumerable<string> mounted = File.ReadLines("/proc/self/mounts").Select(line => line.Split(' ')[1]);
        foreach (string mountPoint in mounted.ToList())
        {
            string folder = Path.GetDirectoryName(mountPoint) ?? "";
            if (IsOfTheDead(Path.GetFileName(folder)) && Tool.Run("umount", mountPoint).ExitCode == 0)
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static bool IsOfTheDead(string name) =>
        name.StartsWith(_prefix, StringComparison.Ordinal)
        && int.TryParse(name[_prefix.Length..].Split('-')[0], out int owner)
        && !Directory.Exists($"/proc/{owner}");
}
