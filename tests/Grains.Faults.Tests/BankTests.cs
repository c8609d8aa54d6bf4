using Grains.Faults.Tests.Nemesis;
using Grains.Faults.Tests.Workload;
using Grains.Faults.Tests.World;
using Xunit.Abstractions;

namespace Grains.Faults.Tests;

/// <summary>Handlers that move money between accounts on all partitions.</summary>
public class BankTests(ITestOutputHelper output)
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task While_the_server_is_killed_no_money_is_lost_or_made_neither_in_it_nor_in_a_backup_taken_meanwhile()
    {
        int kills = Math.Clamp(Seed.Count("GRAINS_KILLS", 2), 1, 10);
        int seed = Seed.Next();
        string repeat = Seed.Repeat(seed, nameof(BankTests), $"GRAINS_KILLS={kills}");
        output.WriteLine(repeat);
        using var folder = new TempFolder();
        ServerSettings settings = ServerSettings.Embedded(folder.File("data"), folder.File("server.log"));
        await using var server = new ServerProcess(settings with { Program = Programs.Handlers });
        await server.StartAsync();
        using var bank = new Bank(seed, settings.Url);
        await bank.OpenAsync();
        using var stop = new CancellationTokenSource();
        Task moving = bank.MoveAsync(stop.Token);
        var moments = new RandomMoments(seed);
        string image = folder.File("image");
        for (int i = 0; i < kills; i++)
        {
            await moments.NextAsync();

            // A backup that a kill breaks off proves nothing: each is taken whole, under load.
            await bank.BackupAsync(image);
            await moments.NextAsync();
            server.Kill();
            await server.StartAsync();
        }

        await stop.CancelAsync();
        await moving;
        Accounts now = await bank.SettledAsync(_deadline);
        Assert.True(now.Moved == bank.Moves, $"{bank.Moves} moves were accepted and {now.Moved} happened; {repeat}\n{server.LogTail()}");
        Assert.True(now.IsWhole, $"{now}; {repeat}\n{server.LogTail()}");

        string restored = folder.File("restored");
        Tool.MustRun("dotnet", Programs.Handlers, "restore", image, "--data", restored);
        ServerSettings again = ServerSettings.Embedded(restored, folder.File("restored.log"));
        await using var other = new ServerProcess(again with { Program = Programs.Handlers });
        await other.StartAsync();
        using var copy = new Bank(seed, again.Url);
        Accounts then = await copy.SettledAsync(_deadline);
        output.WriteLine($"figures: {kills} kills, {now.Moved} moves; the backup held {then.Moved} of them");
        Assert.True(then.IsWhole, $"of the backup, {then}; {repeat}\n{other.LogTail()}");
        Assert.InRange(then.Moved, 1, now.Moved);
    }
}
