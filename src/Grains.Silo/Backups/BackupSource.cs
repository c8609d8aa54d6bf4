using Grains.Journal.Images;
using Grains.Silo.Cluster;
using Microsoft.Extensions.Logging;

namespace Grains.Silo.Backups;

/// <summary>Gives out backups of the whole cluster, one at a time, from this server's journal.</summary>
/// <param name="journal">Null: this server has none.</param>
/// <param name="settings">The cluster's.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Told of each backup's end.</param>
public sealed partial class BackupSource(
    IJournalExport? journal, ClusterSettingsView settings, TimeProvider time, ILogger<BackupSource> logger)
{
    private int _running;

    /// <summary>False: another server must be asked, or this one is not ready yet.</summary>
    public bool CanBegin => journal is not null && settings.Settings is not null;

    /// <summary>Null: one is under way.</summary>
    public RunningBackup? TryBegin() => Interlocked.Exchange(ref _running, 1) == 1 ? null
        : new RunningBackup(
            new BackupHeader(time.GetUtcNow().ToUnixTimeMilliseconds(), settings.Settings!), WriteAsync,
            () => Volatile.Write(ref _running, 0));

    private async Task WriteAsync(BackupHeader header, Stream to, CancellationToken cancel)
    {
        long begun = time.GetTimestamp();
        BackupWriter writer = new(to);
        bool isWhole = false;
        LogBegun(logger, header.Settings.ClusterId);
        try
        {
            BackupSummary summary = await writer.WriteAsync(header, journal!.ExportAsync(cancel), cancel);
            isWhole = true;
            LogEnded(
                logger, time.GetElapsedTime(begun).TotalSeconds, summary.Totals.Partitions, writer.Written,
                $"{summary.Checksum:x32}");
        }
        catch (Exception e)
        {
            LogBroken(logger, writer.Written, e.Message);
            throw;
        }
        finally
        {
            _bytes.Add(writer.Written);
            _seconds.Record(
                time.GetElapsedTime(begun).TotalSeconds, new KeyValuePair<string, object?>("whole", isWhole));
        }
    }
}

/// <summary>The one backup that is under way; disposed when it has ended, however.</summary>
public sealed class RunningBackup(
    BackupHeader header, Func<BackupHeader, Stream, CancellationToken, Task> write, Action ended) : IDisposable
{
    public BackupHeader Header => header;

    /// <summary>
    /// On return the stream has all of it; an exception means that it has a part which shows as cut off.
    /// </summary>
    public Task WriteAsync(Stream to, CancellationToken cancel) => write(header, to, cancel);

    public void Dispose() => ended();
}
