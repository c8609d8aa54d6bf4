using Grains.Faults.Tests.Nemesis;
using Grains.Faults.Tests.Workload;
using Grains.Faults.Tests.World;
using Xunit.Abstractions;

namespace Grains.Faults.Tests;

/// <summary>Handlers that move money between accounts on all partitions.</summary>
public class BankTests(ITestOutputHelper output)
{
    private const string _service = "bank";
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task While_the_server_is_killed_no_money_is_lost_or_made_neither_in_it_nor_in_a_backup_taken_meanwhile()
    {
        using var folder = new TempFolder();
        ServerSettings settings = ServerSettings.Embedded(folder.File("data"), folder.File("server.log"));
        await using var server = new ServerProcess(settings with { Program = Programs.Handlers });
        await server.StartAsync();
        await RunAsync([server], folder, server.LogTail);
    }

    [Fact]
    public async Task While_servers_of_a_cluster_are_killed_no_money_is_lost_or_made_neither_in_it_nor_in_a_backup_taken_meanwhile()
    {
        using var folder = new TempFolder();
        await using ClusterWorld world = await ClusterWorld.StartAsync(program: Programs.Handlers);
        await RunAsync(world.Servers, folder, world.LogTails);
    }

    private async Task RunAsync(IReadOnlyList<ServerProcess> servers, TempFolder folder, Func<string> log)
    {
        int kills = Math.Clamp(Seed.Count("GRAINS_KILLS", 2), 1, 10);
        int seed = Seed.Next();
        string repeat = Seed.Repeat(seed, nameof(BankTests), $"GRAINS_KILLS={kills}");
        output.WriteLine(repeat);
        var random = new Random(seed);
        var moments = new RandomMoments(seed);
        using var bank = new Bank(seed, _service, [.. servers.Select(s => s.Url)]);
        await bank.OpenAsync(new { kind = "hosted", batch = 4 });
        using var stop = new CancellationTokenSource();
        Task moving = bank.MoveAsync(stop.Token);
        string image = folder.File("image");

        // Each kill is of another server than the one before, where there are others.
        int victim = random.Next(servers.Count);
        for (int i = 0; i < kills; i++)
        {
            await moments.NextAsync();
            victim = (victim + random.Next(1, Math.Max(2, servers.Count))) % servers.Count;

            // A backup that a kill breaks off proves nothing: each is taken whole, under load; in a cluster while nobody
            // has the partitions of the one that was killed.
            if (servers.Count == 1)
            {
                await Bank.BackupAsync(servers[victim].Url, image);
                await moments.NextAsync();
                servers[victim].Kill();
            }
            else
            {
                servers[victim].Kill();
                await Bank.BackupAsync(servers[(victim + 1) % servers.Count].Url, image);
                await moments.NextAsync();
            }

            await servers[victim].StartAsync();
        }

        await stop.CancelAsync();
        await moving;
        Accounts now = await bank.SettledAsync(_deadline);
        Assert.True(now.Moved == bank.Moves, $"{bank.Moves} moves were accepted and {now.Moved} happened; {repeat}\n{log()}");
        Assert.True(now.IsWhole, $"{now}; {repeat}\n{log()}");

        string restored = folder.File("restored");
        // Its handlers are built in: nobody else is at work on these messages.
        Tool.MustRun("dotnet", Programs.Handlers, "restore", image, "--data", restored, "--live");
        ServerSettings again = ServerSettings.Embedded(restored, folder.File("restored.log"));
        await using var other = new ServerProcess(again with { Program = Programs.Handlers });
        await other.StartAsync();
        using var copy = new Bank(seed, _service, again.Url);
        Accounts then = await copy.SettledAsync(_deadline);
        output.WriteLine($"figures: {servers.Count} servers, {kills} kills, {now.Moved} moves; the backup held {then.Moved} of them");
        Assert.True(then.IsWhole, $"of the backup, {then}; {repeat}\n{other.LogTail()}");
        Assert.InRange(then.Moved, 1, now.Moved);
    }
}
