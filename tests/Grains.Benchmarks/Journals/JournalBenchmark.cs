using Grains.Benchmarks.Loads;
using Grains.Benchmarks.Report;
using Grains.Benchmarks.World;
using Grains.Journal;
using Grains.Postgres.Testing;
using Grains.StateMachines.Ids;

namespace Grains.Benchmarks.Journals;

/// <summary>Appends alone: no rules, no silo.</summary>
internal static class JournalBenchmark
{
    private const int _commandBytes = 256;

    /// <summary>What a run may append, so that no disk and no memory is filled.</summary>
    private const long _bytesMax = 1L << 30;

    private static readonly int[] _batches = [1, 64, 1024];
    private static readonly int[] _partitions = [1, 64];
    private static readonly int[] _connections = [1, 2, 4];

    /// <summary>Room in the WAL, so that no checkpoint of Postgres falls into a short run.</summary>
    private static readonly string[] _roomy = ["max_wal_size = 4GB", "shared_buffers = 256MB"];

    public static async Task RunAsync(BenchmarkOptions options, DataFolder data)
    {
        await using PostgresServer postgres = await PostgresServer.StartAsync(
            new PostgresServerOptions { Folder = data.New(), Settings = _roomy });
        JournalUnderTest[] kinds =
        [
            new JournalUnderTest.Embedded(data),
            .. _connections.Select(c => new JournalUnderTest.Postgres(postgres, c)),
            new JournalUnderTest.Memory(),
        ];
        var table = new Table(
            "journal", "partitions", "commands each", "appends/s", "commands/s", "MiB/s", "p50 ms", "p99 ms", "CPU s/s",
            "elsewhere");
        foreach (JournalUnderTest kind in kinds)
        {
            foreach (int partitions in _partitions)
            {
                foreach (int batch in _batches)
                {
                    IJournal journal = await kind.OpenAsync();
                    if (partitions == _partitions[0] && batch == _batches[0])
                    {
                        Console.WriteLine($"  {kind.Name,-24}{journal.Durability}");
                    }

                    await MeasureAsync(table, kind, journal, partitions, batch, options.Length);
                    await journal.DisposeAsync();
                    await kind.ForgetAsync();
                }
            }
        }

        table.Print();
    }

    private static async Task MeasureAsync(
        Table table, JournalUnderTest kind, IJournal journal, int partitions, int batch, TimeSpan length)
    {
        byte[] payload = new byte[batch * _commandBytes];
        new Random(1).NextBytes(payload);
        JournalTail[] tails = new JournalTail[partitions];
        Epoch[] epochs = new Epoch[partitions];
        for (int p = 0; p < partitions; p++)
        {
            var acquired = (AcquireOutcome.Acquired)await journal.AcquireAsync(
                new PartitionId((uint)p), "bench", 1, 1_000_000, CancellationToken.None);
            (epochs[p], tails[p]) = (acquired.Epoch, acquired.Tail);
        }

        long appended = 0;
        async ValueTask Append(int p)
        {
            if (Interlocked.Add(ref appended, payload.Length) > _bytesMax)
            {
                await Task.Delay(10);
                return;
            }

            var append = new JournalAppend(new PartitionId((uint)p), epochs[p], tails[p], batch, payload);
            AppendOutcome outcome = await journal.AppendAsync(append, CancellationToken.None);
            tails[p] = outcome.Status == AppendStatus.Durable
                ? append.Next
                : throw new InvalidOperationException($"An append came to {outcome}.");
        }

        TimeSpan elsewhere = kind.CpuElsewhere;
        LoopResult result = await ClosedLoop.RunAsync(partitions, length, Append);
        elsewhere = kind.CpuElsewhere - elsewhere;
        string note = Interlocked.Read(ref appended) > _bytesMax ? " (bounded by bytes)" : "";
        table.Add(
            kind.Name + note, $"{partitions}", $"{batch}",
            Figures.Rate(result.PerSecond), Figures.Rate(result.PerSecond * batch),
            Figures.MiB(result.PerSecond * payload.Length), Figures.Ms(result.Latencies.Ms(0.5)),
            Figures.Ms(result.Latencies.Ms(0.99)), Figures.Ratio(result.Cpu.TotalSeconds / length.TotalSeconds),
            Figures.Ratio(elsewhere.TotalSeconds / length.TotalSeconds));
    }
}
