using System.Diagnostics;
using Grains.Benchmarks.Loads;
using Grains.Benchmarks.Report;
using Grains.Benchmarks.World;
using Grains.Journal.Segments;

namespace Grains.Benchmarks.Restarts;

/// <summary>From the start of a server process on a full data folder, after a SIGKILL, until it is ready.</summary>
internal static class RestartBenchmark
{
    private const double _entries = Filling.Keys + Filling.Messages;
    private const int _starts = 3;
    private static readonly TimeSpan _fillDeadline = TimeSpan.FromMinutes(5);

    public static async Task RunAsync(DataFolder data)
    {
        string folder = data.New();
        long writtenBytes;
        long begun = Stopwatch.GetTimestamp();
        using (var filling = new ChildProcess(Programs.Benchmarks, ["--fill", folder]))
        {
            await filling.WaitForExitAsync(_fillDeadline);
            if (!filling.Lines.Contains(Filling.Filled))
            {
                throw new InvalidOperationException($"The filling ended early:\n{string.Join('\n', filling.Lines)}");
            }

            writtenBytes = long.Parse(
                filling.Lines.First(l => l.StartsWith(Filling.Written, StringComparison.Ordinal))[Filling.Written.Length..]);
        }

        double fillSeconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        long diskBytes = DataFolder.BytesOf(folder);
        double openMs = OpenMs(folder, data.New());
        const long contentBytes = (long)Filling.Keys * BenchmarkKeys.ValueBytes
            + (long)Filling.Messages * BenchmarkMessages.BodyBytes;
        Console.WriteLine($"""
              durability  segment log, fdatasync before every answer
              filled      {Filling.Keys:N0} keys and {Filling.Messages:N0} waiting messages of 256 B in {fillSeconds:0.0} s, then SIGKILL
              on disk     {Figures.MiB(diskBytes)} MiB for {Figures.MiB(contentBytes)} MiB of content: {diskBytes / _entries:0} B for each key or message, of which {contentBytes / _entries:0} are content
              written     {Figures.MiB(writtenBytes)} MiB: {Figures.Ratio(writtenBytes / (double)contentBytes)} times the content (pages handed to the disk, checkpoints and zeroed segments included)
            """);
        var table = new Table(
            "start", "ready ms", "partitions", "Σ acquire ms", "Σ checkpoint ms", "Σ records ms", "server CPU s",
            "memory MiB");
        await StartAsync(table, "on an empty folder", data.New());
        for (int start = 1; start <= _starts; start++)
        {
            await StartAsync(table, $"full, {start}", folder);
        }

        table.Print();
        Console.WriteLine($"""
              of which opening the journal (rows read once), in this process on a copy: {Figures.Ms(openMs)} ms
              memory      {MemoryEach.OfKey():0} B per key of 10 B with 256 B, {MemoryEach.OfNode():0} B per idle node with 16 B of state (heap after a full collection)
            """);
    }

    private static double OpenMs(string folder, string copy)
    {
        DataFolder.Copy(folder, copy);
        long begun = Stopwatch.GetTimestamp();
        SegmentJournal journal = SegmentJournal.Open(new SegmentJournalOptions { Folder = copy });
        double ms = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        journal.DisposeAsync().AsTask().Wait();
        Directory.Delete(copy, recursive: true);
        return ms;
    }

    private static async Task StartAsync(Table table, string name, string folder)
    {
        (ServerProcess server, TimeSpan ready) = await ServerProcess.StartGrainsAsync(folder, RecoveryLines.Setting);
        using (server)
        {
            // The log line of the last partition may come a moment after the answer.
            await Task.Delay(200);
            RecoveryLines recoveries = RecoveryLines.Read(server.Process.Lines);
            table.Add(
                name, Figures.Ms(ready.TotalMilliseconds), $"{recoveries.Partitions}", Figures.Ms(recoveries.AcquireMs),
                Figures.Ms(recoveries.CheckpointMs), Figures.Ms(recoveries.RecordsMs),
                Figures.Ratio(server.Process.Cpu.TotalSeconds), Figures.MiB(server.Process.MemoryBytes));
        }
    }
}
