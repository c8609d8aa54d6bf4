using Grains.Silo.Budgets;
using Grains.StateMachines.Codecs;

namespace Grains.Server.Limits;

/// <summary>What the machine, the container and the operator leave to this process.</summary>
internal static class ProcessLimits
{
    /// <summary>Of the memory of a process, the collector's part; the rest is code, stacks, buffers of SQLite and of the system.</summary>
    private const int _heapQuarters = 3;

    private const string _unlimited = "max";

    /// <summary>Where nothing says how many descriptors there are.</summary>
    private const int _descriptorsAssumed = 4_096;

    /// <summary>For the program's own files, which are some 300, the database, other servers, push requests.</summary>
    private const int _reservedMin = 512;

    private const int _siloConnectionsMax = 4_096;
    private const int _siloConnectionsShift = 4;

    /// <summary>What the container may use, or the machine has.</summary>
    public static long MemoryBytes
    {
        get
        {
            long[] found =
            [
                .. Lines("/proc/meminfo").Where(l => l.StartsWith("MemTotal:", StringComparison.Ordinal))
                    .Select(l => Number(l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) << 10),
                .. ControlGroups().Select(g => $"/sys/fs/cgroup{g}/memory.max")
                    .Append("/sys/fs/cgroup/memory/memory.limit_in_bytes")
                    .SelectMany(Lines).Where(l => l != _unlimited).Select(Number),
            ];
            return found.Where(b => b > 0).DefaultIfEmpty(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes).Min();
        }
    }

    /// <summary>Files and sockets that this process may have open. The runtime has raised it as far as it may.</summary>
    public static int Descriptors { get; } = Lines("/proc/self/limits")
        .Where(l => l.StartsWith("Max open files", StringComparison.Ordinal))
        .Select(l => (int)Math.Min(Number(l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3]), int.MaxValue))
        .Where(n => n > 0).FirstOrDefault(_descriptorsAssumed);

    /// <summary>To the API, beside everything else that is open.</summary>
    public static int ApiConnectionsMax => Math.Max(16, Descriptors - Math.Max(_reservedMin, Descriptors / 4));

    /// <summary>To the port for other servers.</summary>
    public static int SiloConnectionsMax => Math.Clamp(Descriptors >> _siloConnectionsShift, 16, _siloConnectionsMax);

    /// <summary>Tells the collector what <c>--memory</c> means to it, where nothing else has told it less.</summary>
    public static void Apply(long? memoryBytes)
    {
        long heapBytes = (memoryBytes ?? 0) / 4 * _heapQuarters;
        if (memoryBytes is not null && heapBytes < GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)
        {
            AppContext.SetData("GCHeapHardLimit", (ulong)heapBytes);
            GC.RefreshMemoryLimit();
        }
    }

    /// <summary>After <see cref="Apply"/>.</summary>
    public static MemoryShares Shares(long? memoryBytes)
    {
        MemoryShares all = MemoryShares.OfProcess;
        return memoryBytes is { } bytes ? MemoryShares.OfServer(Math.Min(all.HeapBytes, bytes / 4 * _heapQuarters)) : all;
    }

    /// <summary>Of the second version, from the root to the process's own.</summary>
    private static IEnumerable<string> ControlGroups()
    {
        string own = Lines("/proc/self/cgroup").FirstOrDefault(l => l.StartsWith("0::/", StringComparison.Ordinal), "0::/")[3..];
        string path = "";
        yield return path;
        foreach (string part in own.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            yield return path += "/" + part;
        }
    }

    private static long Number(string text) =>
        WholeNumber.TryParseDigits(text, out long number) ? number : 0;

    private static string[] Lines(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllLines(file) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A limit that may not be read is that of somebody else.
            return [];
        }
    }
}
