using System.Runtime;
using System.Runtime.InteropServices;
using Grains.Benchmarks.World;

namespace Grains.Benchmarks.Report;

/// <summary>Without which no figure means anything.</summary>
internal static class Surroundings
{
    private const string _loadPath = "/proc/loadavg";

    public static void Print(string folder, FsyncTimes fsync)
    {
        string load = File.Exists(_loadPath) ? File.ReadAllText(_loadPath).Split(' ')[0] : "unknown";
        Console.WriteLine($"""
            Grains benchmarks: closed loops on one machine, values and messages of 256 B, medians where several runs
              fsync F     {Figures.Ms(fsync.MedianMs)} ms median, {Figures.Ms(fsync.P99Ms)} ms p99 (append of 4 KiB in {folder})
              processors  {Environment.ProcessorCount}, load average {load} at the start
              runtime     {RuntimeInformation.FrameworkDescription}, {(GCSettings.IsServerGC ? "server" : "workstation")} GC, {GCSettings.LatencyMode}
            """);
    }
}
