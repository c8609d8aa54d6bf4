using Grains.FrontEnd.Tests.World;
using Grains.Journal.Memory;
using Grains.Silo.Backups;
using Grains.Silo.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grains.FrontEnd.Tests;

public class BackupRoutesTests
{
    [Fact]
    public async Task A_backup_comes_as_a_file_with_the_clusters_name_and_time()
    {
        BackupSource source = Source();
        await using FrontEndServer server = await FrontEndServer.StartAsync(addServices: s => s.AddSingleton(source));
        using HttpResponseMessage answer = await server.Http.GetAsync("/v1/backup");
        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Equal("application/octet-stream", answer.Content.Headers.ContentType!.ToString());
        Assert.Matches(
            "^attachment; filename=\"grains-[0-9a-f]{8}-20.*Z\\.backup\"$",
            answer.Content.Headers.ContentDisposition!.ToString());
        BackupReader reader = await BackupReader.OpenAsync(
            await answer.Content.ReadAsStreamAsync(), CancellationToken.None);
        await foreach (var _ in reader.PartsAsync(CancellationToken.None))
        {
        }

        Assert.Equal(1, reader.Summary!.Value.Totals.Partitions);
    }

    [Fact]
    public async Task A_second_backup_at_the_same_time_is_refused_and_the_next_one_is_not()
    {
        BackupSource source = Source();
        await using FrontEndServer server = await FrontEndServer.StartAsync(addServices: s => s.AddSingleton(source));
        using (source.TryBegin())
        {
            Reply refused = await server.SendAsync("GET", "/v1/backup");
            Assert.Equal("409 backup-running", refused.Refusal);
        }

        Assert.Equal(200, (await server.SendAsync("GET", "/v1/backup")).Status);
        Assert.Equal(200, (await server.SendAsync("GET", "/v1/backup")).Status);
    }

    [Fact]
    public async Task A_server_that_has_no_journal_says_whom_to_ask()
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync();
        Reply refused = await server.SendAsync("GET", "/v1/backup");
        Assert.Equal("503 unavailable", refused.Refusal);
        Assert.Contains("owns partitions", refused.Detail, StringComparison.Ordinal);
    }

    private static BackupSource Source()
    {
        MemoryJournal journal = new();
        Assert.True(
            journal.AcquireAsync(new(3), "a", 1, 1_000, CancellationToken.None).AsTask().IsCompletedSuccessfully);
        ClusterSettingsView view = new();
        view.Publish(ClusterSettings.New(4, DateTimeOffset.UnixEpoch));
        return new BackupSource(journal, view, TimeProvider.System, NullLogger<BackupSource>.Instance);
    }
}
