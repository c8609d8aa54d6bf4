using System.Diagnostics;
using Grains.Benchmarks.Report;
using Grains.Benchmarks.World;
using Grains.Journal;
using Grains.StateMachines.Ids;
using FileTrait = Grains.Journal.Folders.FileTrait;

namespace Grains.Benchmarks.Journals;

/// <summary>
/// What a flush of the embedded journal costs: so many partitions append at once, and wait for each other.
/// </summary>
internal static class FlushBenchmark
{
    private const int _recordBytes = 300;
    private const int _warmUp = 2_000;
    private static readonly int[] _records = [1, 8, 64];

    public static async Task RunAsync(BenchmarkOptions options, DataFolder data)
    {
        JournalUnderTest.Embedded segments = new(data);
        var table = new Table(
            "journal", "records a flush", "flushes/s", "p50 µs", "p99 µs", "µs CPU a flush", "disk B a record");
        foreach (int records in _records)
        {
            await using (IJournal journal = await segments.OpenAsync())
            {
                await MeasureAsync(table, segments.Name, journal, records, options.Length, data.Root);
            }

            await segments.ForgetAsync();
        }

        table.Print();
    }

    private static async Task MeasureAsync(
        Table table, string name, IJournal journal, int records, TimeSpan length, string disk)
    {
        Appender[] appenders = new Appender[records];
        for (int i = 0; i < records; i++)
        {
            appenders[i] = await Appender.AcquireAsync(journal, new PartitionId((uint)i));
        }

        for (int i = 0; i < _warmUp; i++)
        {
            await Task.WhenAll(appenders.Select(a => a.AppendAsync()));
        }

        List<double> latencies = [];
        long bytes = WrittenTo(disk);
        TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime;
        long begun = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begun) < length)
        {
            long flush = Stopwatch.GetTimestamp();
            await Task.WhenAll(appenders.Select(a => a.AppendAsync()));
            latencies.Add(Stopwatch.GetElapsedTime(flush).TotalMicroseconds);
        }

        double seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        bytes = WrittenTo(disk) - bytes;
        latencies.Sort();
        table.Add(
            name, $"{records}", Figures.Rate(latencies.Count / seconds), $"{latencies[latencies.Count / 2]:0}",
            $"{latencies[(int)(latencies.Count * 0.99)]:0}", $"{cpu.TotalMicroseconds / latencies.Count:0}",
            $"{(double)bytes / latencies.Count / records:0}");
    }

    /// <summary>
    /// Bytes written to the device of a folder since the machine started, by whomever; 0 where the system does not say.
    /// </summary>
    private static long WrittenTo(string folder)
    {
        const int sectorsWritten = 6;
        const int sectorBytes = 512;
        ulong device = FileTrait.Of(folder)!.Value.Device;
        string path = $"/sys/dev/block/{device >> 32}:{(uint)device}/stat";
        return File.Exists(path)
            ? long.Parse(
                File.ReadAllText(path).Split(' ', StringSplitOptions.RemoveEmptyEntries)[sectorsWritten]) * sectorBytes
            : 0;
    }

    private sealed class Appender(IJournal journal, PartitionId partition, Epoch epoch, JournalTail tail)
    {
        private static readonly byte[] _payload = new byte[_recordBytes];
        private JournalTail _tail = tail;

        public static async Task<Appender> AcquireAsync(IJournal journal, PartitionId partition)
        {
            var acquired = (AcquireOutcome.Acquired)await journal.AcquireAsync(
                partition, "bench", 1, 1_000_000, CancellationToken.None);
            return new Appender(journal, partition, acquired.Epoch, acquired.Tail);
        }

        public async Task AppendAsync()
        {
            JournalAppend append = new(partition, epoch, _tail, 1, _payload);
            AppendOutcome outcome = await journal.AppendAsync(append, CancellationToken.None);
            _tail = outcome.Status == AppendStatus.Durable
                ? append.Next
                : throw new InvalidOperationException($"An append came to {outcome}.");
        }
    }
}
