using Grains.Benchmarks;
using Grains.Benchmarks.Handlers;
using Grains.Benchmarks.Http;
using Grains.Benchmarks.Journals;
using Grains.Benchmarks.Machines;
using Grains.Benchmarks.Paths;
using Grains.Benchmarks.Peers;
using Grains.Benchmarks.Postgres;
using Grains.Benchmarks.Report;
using Grains.Benchmarks.Restarts;
using Grains.Benchmarks.Starts;
using Grains.Benchmarks.World;

switch (args)
{
    case ["--empty-server", string port]:
        await EmptyServer.RunAsync(int.Parse(port));
        return 0;
    case ["--fill", string folder]:
        await Filling.FillAndDieAsync(folder);
        return 1;
}

if (BenchmarkOptions.Read(args, Console.Error) is not { } options)
{
    return 2;
}

if (!options.IsAlone)
{
    // The client of the HTTP part goes on in the thread that polls, without a hop; read before the first socket is
    // made. Not beside Npgsql and a journal on it, nor where handlers are: they do more there than that, on both sides.
    Environment.SetEnvironmentVariable(ChildProcess.InlineCompletions, "1");
}

using var data = new DataFolder(options.DataFolder);
Surroundings.Print(data.Root, FsyncProbe.Measure(data.Root));
foreach (string part in options.Parts)
{
    Console.WriteLine($"\n== {part}");
    await (part switch
    {
        "machine" => MachineBenchmark.RunAsync(options),
        "flush" => FlushBenchmark.RunAsync(options, data),
        "journal" => JournalBenchmark.RunAsync(options, data),
        "path" => PathBenchmark.RunAsync(options, data),
        "http" => HttpBenchmark.RunAsync(options, data),
        BenchmarkOptions.Handlers => HandlerBenchmark.RunAsync(options, data),
        BenchmarkOptions.Peers => PeersBenchmark.RunAsync(options, data),
        BenchmarkOptions.AgainstRows => PostgresBenchmark.RunAsync(options, data),
        BenchmarkOptions.FirstSecond => FirstSecondBenchmark.RunAsync(options, data),
        _ => RestartBenchmark.RunAsync(data),
    });
}

return 0;
