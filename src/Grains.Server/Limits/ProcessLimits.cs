using Grains.Silo.Budgets;
using Grains.StateMachines.Codecs;

namespace Grains.Server.Limits;

/// <summary>What the machine, the container and the operator leave to this process.</summary>
internal static class ProcessLimits
{
    /// <summary>Least that <c>--memory</c> may say.</summary>
    public const long MemoryBytesMin = 256L << 20;

    /// <summary>
    /// What is resident beside the collector's heap, at the least: measured as 155 MiB, of libraries 90, of compiled
    /// code 35, of stacks and buffers 30.
    /// </summary>
    private const long _beside = 160L << 20;

    /// <summary>Of a larger process, a quarter: more partitions, threads and buffers of the system.</summary>
    private const int _besideShift = 2;

    private const string _unlimited = "max";

    /// <summary>Where nothing says how many descriptors there are.</summary>
    private const int _descriptorsAssumed = 4_096;

    /// <summary>For the program's own files, which are some 300, the database, other servers, push requests.</summary>
    private const int _reservedMin = 512;

    private const int _respConnectionsMax = 16_384;
    private const int _respConnectionsShift = 3;
    private const int _siloConnectionsMax = 4_096;
    private const int _siloConnectionsShift = 4;

    /// <summary>What the container may use, or the machine has.</summary>
    public static long MemoryBytes
    {
        get
        {
            long machine = MachineBytes > 0 ? MachineBytes : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
            return Math.Min(machine, ContainerBytes ?? machine);
        }
    }

    /// <summary>
    /// Files and sockets that this process may have open. The runtime has raised it as far as it may.
    /// </summary>
    public static int Descriptors { get; } = Lines("/proc/self/limits")
        .Where(l => l.StartsWith("Max open files", StringComparison.Ordinal))
        .Select(l => (int)Math.Min(Number(l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3]), int.MaxValue))
        .Where(n => n > 0).FirstOrDefault(_descriptorsAssumed);

    /// <summary>To the API, beside everything else that is open.</summary>
    public static int ApiConnectionsMax => Math.Max(16, Descriptors - Math.Max(_reservedMin, Descriptors / 4));

    /// <summary>To the port for Redis clients: half of what is left beside the API.</summary>
    public static int RespConnectionsMax => Math.Clamp(Descriptors >> _respConnectionsShift, 16, _respConnectionsMax);

    /// <summary>To the port for other servers.</summary>
    public static int SiloConnectionsMax => Math.Clamp(Descriptors >> _siloConnectionsShift, 16, _siloConnectionsMax);

    private static long MachineBytes { get; } = Lines("/proc/meminfo").Where(
        l => l.StartsWith("MemTotal:", StringComparison.Ordinal))
        .Select(l => Number(l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) << 10).FirstOrDefault();

    /// <summary>Null: there is none, or it limits nothing. After <see cref="MachineBytes"/>.</summary>
    private static long? ContainerBytes { get; } = ControlGroups().Select(g => $"/sys/fs/cgroup{g}/memory.max")
        .Append("/sys/fs/cgroup/memory/memory.limit_in_bytes")
        .SelectMany(Lines).Where(l => l != _unlimited).Select(Number).Where(b => b > 0 && b < MachineBytes)
        .Select(b => (long?)b).Min();

    /// <summary>
    /// Tells the collector what <c>--memory</c>, or else the container, means to it, where nothing else has told it
    /// less.
    /// </summary>
    public static void Apply(long? memoryBytes)
    {
        if (HeapBytes(memoryBytes) is { } heapBytes && heapBytes < GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)
        {
            AppContext.SetData("GCHeapHardLimit", (ulong)heapBytes);
            GC.RefreshMemoryLimit();
        }
    }

    /// <summary>After <see cref="Apply"/>.</summary>
    public static MemoryShares Shares(long? memoryBytes)
    {
        MemoryShares all = MemoryShares.OfProcess;
        return HeapBytes(memoryBytes) is { } heapBytes
            ? MemoryShares.OfServer(Math.Min(all.HeapBytes, heapBytes))
            : all;
    }

    /// <summary>The collector's part of what the process may use; null: nothing limits that.</summary>
    private static long? HeapBytes(long? memoryBytes)
    {
        if ((memoryBytes ?? ContainerBytes) is not { } bytes)
        {
            return null;
        }

        long quarter = bytes >> _besideShift;
        return Math.Max(quarter, bytes - Math.Max(quarter, _beside));
    }

    /// <summary>Of the second version, from the root to the process's own.</summary>
    private static IEnumerable<string> ControlGroups()
    {
        string own = Lines("/proc/self/cgroup").FirstOrDefault(
            l => l.StartsWith("0::/", StringComparison.Ordinal), "0::/")[3..];
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
