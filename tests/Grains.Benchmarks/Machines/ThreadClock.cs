using System.Runtime.InteropServices;

namespace Grains.Benchmarks.Machines;

/// <summary>Processor time of the calling thread, from clock_gettime(2). Zero where there is none.</summary>
internal static partial class ThreadClock
{
    private const int _threadCpuTime = 3;
    private const long _nsPerSecond = 1_000_000_000;

    public static long Ns =>
        OperatingSystem.IsLinux() && ReadClock(_threadCpuTime, out TimeSpec time) == 0
            ? (time.Seconds * _nsPerSecond) + time.Ns
            : 0;

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ReadClock(int clock, out TimeSpec time);

    private struct TimeSpec
    {
        public long Seconds;
        public long Ns;
    }
}
