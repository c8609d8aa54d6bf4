using Grains.Journal.Memory;
using Grains.Silo.Backups;
using Grains.Silo.Cluster;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grains.Silo.Tests.Backups;

public class BackupSourceTests
{
    [Fact]
    public void A_server_gives_out_one_backup_at_a_time_and_the_next_when_that_has_ended()
    {
        BackupSource source = Source(new MemoryJournal(), isReady: true);
        RunningBackup first = source.TryBegin()!;
        Assert.Null(source.TryBegin());
        first.Dispose();
        Assert.NotNull(source.TryBegin());
    }

    [Fact]
    public void A_server_without_a_journal_or_without_the_clusters_settings_begins_none()
    {
        Assert.False(Source(null, isReady: true).CanBegin);
        Assert.False(Source(new MemoryJournal(), isReady: false).CanBegin);
        Assert.True(Source(new MemoryJournal(), isReady: true).CanBegin);
    }

    private static BackupSource Source(MemoryJournal? journal, bool isReady)
    {
        ClusterSettingsView view = new();
        if (isReady)
        {
            view.Publish(ClusterSettings.New(4, DateTimeOffset.UnixEpoch));
        }

        return new BackupSource(journal, view, TimeProvider.System, NullLogger<BackupSource>.Instance);
    }
}
