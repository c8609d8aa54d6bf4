namespace Grains.Postgres.Testing;

/// <summary>What the system tells of processes that are not our own children.</summary>
internal static class ProcessTree
{
    public static int[] Children(int processId)
    {
        string file = $"/proc/{processId}/task/{processId}/children";
        return File.Exists(file)
            ? [.. File.ReadAllText(file).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)]
            : [];
    }

    /// <summary>Nobody's child any more, it may stay a while after its end, as a zombie.</summary>
    public static bool IsRunning(int processId)
    {
        string file = $"/proc/{processId}/stat";
        try
        {
            // Its state follows the name, which is in brackets.
            return File.Exists(file) && File.ReadAllText(file) is var stat
                && stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }
}
