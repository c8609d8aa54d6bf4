using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace Grains.Benchmarks.World;

/// <summary>How long the disk takes to make an append of 4 KiB durable.</summary>
internal readonly record struct FsyncTimes(double MedianMs, double P99Ms);

/// <summary>Appends and flushes, one after another, as a journal without partners would.</summary>
internal static class FsyncProbe
{
    private const int _appends = 300;
    private const int _appendBytes = 4 << 10;
    private static readonly TimeSpan _lengthMax = TimeSpan.FromSeconds(5);

    public static FsyncTimes Measure(string folder)
    {
        string path = Path.Combine(folder, "fsync-probe");
        byte[] bytes = new byte[_appendBytes];
        Random.Shared.NextBytes(bytes);
        List<double> ms = [];
        using (SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write))
        {
            long begun = Stopwatch.GetTimestamp();
            for (int i = 0; i < _appends && Stopwatch.GetElapsedTime(begun) < _lengthMax; i++)
            {
                long start = Stopwatch.GetTimestamp();
                RandomAccess.Write(file, bytes, (long)i * _appendBytes);
                RandomAccess.FlushToDisk(file);
                ms.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }

        File.Delete(path);
        ms.Sort();
        return new FsyncTimes(ms[ms.Count / 2], ms[ms.Count * 99 / 100]);
    }
}
