using Grains.Faults.Tests.Neighbours;
using Grains.Faults.Tests.World;
using Xunit.Abstractions;

namespace Grains.Faults.Tests;

/// <summary>
/// One server, an ordinary load, and neighbours who mean no good: one kind after the other, then all at once.
/// </summary>
[Trait(OneAtATime.Machine, OneAtATime.Alone)]
[Collection(OneAtATime.Name)]
public sealed class NeighbourTests(ITestOutputHelper output)
{
    private const int _memoryMiB = 512;
    private const int _connections = 6_000;

    /// <summary>Below it a phase is too short for its slowest hundredth to mean anything.</summary>
    private const int _secondsToCompare = 15;

    [Fact]
    public async Task Hostile_neighbours_take_nothing_from_an_ordinary_load_and_do_not_end_the_server()
    {
        int seconds = int.TryParse(Environment.GetEnvironmentVariable("GRAINS_NEIGHBOUR_SECONDS"), out int given)
            ? given
            : 1;
        using var folder = new TempFolder();
        ServerSettings settings = ServerSettings.Embedded(folder.File("data"), folder.File("server.log"));
        string keys = folder.File("keys");
        await File.WriteAllTextAsync(keys, $"load admin {OrdinaryLoad.Key}\nneighbour write {HostileNeighbour.Key}\n");
        settings = settings with
        {
            Arguments =
            [
                .. settings.Arguments, "--dashboard", "false", "--keys", keys, "--memory", $"{_memoryMiB}MiB",
                "--connections", $"{_connections}",
            ],
        };
        await using var server = new ServerProcess(settings);
        await server.StartAsync();
        await using var load = new OrdinaryLoad(server.Url);
        await load.PrepareAsync();
        string only = Environment.GetEnvironmentVariable("GRAINS_NEIGHBOURS") ?? "";
        HostileNeighbour[] neighbours =
            [.. HostileNeighbour.All(server.Url, _connections).Where(n => n.Name.Contains(only, StringComparison.Ordinal))];
        var phases = new List<(string Name, HostileNeighbour[] There)> { ("quiet", []) };
        phases.AddRange(neighbours.Select(n => (n.Name, new[] { n })));
        phases.Add(("all at once", neighbours));

        double quietMs = 0;
        foreach ((string name, HostileNeighbour[] there) in phases)
        {
            Phase phase = await load.RunAsync(TimeSpan.FromSeconds(seconds), there);
            long residentMiB = ResidentMiB(server.ProcessId);
            output.WriteLine($"figures: {name}: {phase}, {residentMiB} MiB resident at the most, "
                + string.Join(", ", there.Select(n => n.Said)));
            Assert.True(server.IsRunning, $"the server ended under {name}.\n{server.LogTail()}");
            Assert.True(
                phase.Failed == 0,
                $"{phase.Failed} ordinary requests failed under {name}: {phase.FirstFailure}\n{server.LogTail()}");
            Assert.InRange(residentMiB, 1, _memoryMiB);
            quietMs = name == "quiet" ? phase.SlowestHundredthMs : quietMs;
            if (seconds >= _secondsToCompare)
            {
                Assert.True(phase.SlowestHundredthMs <= 2 * quietMs,
                    $"the slowest hundredth took {phase.SlowestHundredthMs:0.0} ms under {name}, {quietMs:0.0} ms in "
                    + "quiet.");
            }
        }

        await load.CheckAsync();
        Assert.DoesNotContain(server.Said(), line => line.Contains("OutOfMemory", StringComparison.Ordinal));
        server.Kill();
        await server.StartAsync();
        await load.CheckAsync();
    }

    private static long ResidentMiB(int process) => File.ReadLines($"/proc/{process}/status")
        .Where(l => l.StartsWith("VmHWM:", StringComparison.Ordinal))
        .Select(l => long.Parse(l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], null) / 1_024).Single();
}
