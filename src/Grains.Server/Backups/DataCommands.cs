using Grains.Journal;
using Grains.Journal.Images;
using Grains.Server.Options;
using Grains.Silo.Backups;
using Grains.Silo.Cluster;

namespace Grains.Server.Backups;

/// <summary>What the program does with data instead of serving it.</summary>
internal sealed class DataCommands(GrainsOptions options, ILoggerFactory logs, TextWriter say)
{
    public Task RunAsync(DataCommand command, CancellationToken cancel) => command switch
    {
        DataCommand.Verify verify => VerifyAsync(verify.File, cancel),
        DataCommand.Restore restore => RestoreAsync(restore, cancel),
        DataCommand.Migrate migrate => MigrateAsync(migrate.Folder, cancel),
        DataCommand.HashKey key => HashedKey.WriteAsync(key, say, cancel),
        _ => throw new InvalidOperationException($"Nothing carries out {command}."),
    };

    private async Task VerifyAsync(string path, CancellationToken cancel)
    {
        await using FileStream file = Open(path);
        BackupReader reader = await BackupReader.OpenAsync(file, cancel);
        Describe(reader.Header);
        DigestTable table = new(say);
        await foreach (PartitionDigest digest in reader.PartsAsync(cancel).DigestsAsync(null, cancel))
        {
            table.Add(digest);
        }

        table.End();
        (ImageTotals totals, UInt128 checksum) = reader.Summary!.Value;
        say.WriteLine(
            $"Whole: {totals.Partitions} partitions, {totals.Chunks} chunks of checkpoints, {totals.Records} records, "
            + $"{totals.Bytes} bytes; checksum {checksum:x32}.");
    }

    private async Task RestoreAsync(DataCommand.Restore command, CancellationToken cancel)
    {
        string path = command.File;
        BackupHeader header = await HeaderAsync(path, cancel);
        header.Settings.CheckFor(options.Partitions);
        Describe(header);
        string name = $"the backup of cluster {header.Settings.ClusterId} taken at "
            + $"{header.TakenAt:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}";
        Source source = new(
            name,
            header.Settings with
            {
                ClusterId = Guid.NewGuid().ToString("N"),
                DeliverySecret = ClusterSettings.DrawSecret(),
                Paused = command.IsLive ? null : $"restored from {name}",
            },
            header.TakenAtMs,
            token => ReadAsync(path, token));
        await using IDataPlace to = await PlaceAsync(cancel);
        await new Restoration(to, say).RunAsync(source, cancel);
    }

    private async Task MigrateAsync(string folder, CancellationToken cancel)
    {
        EmbeddedData.RefuseFormer(folder);
        if (!File.Exists(Path.Combine(folder, EmbeddedData.SettingsFile)))
        {
            throw new StartException(
                $"{folder} is not the data folder of a server: it holds no {EmbeddedData.SettingsFile}.");
        }

        await using FolderPlace from = await FolderPlace.OpenAsync(folder);
        ClusterSettings settings = await SettingsOfAsync(from, cancel);
        settings.CheckFor(options.Partitions);

        // From here on no server can start there: what is moved is all there will be.
        await using IJournal journal = await from.OpenJournalAsync(cancel);
        Source source = new(
            from.Name, settings with { Drained = [] }, settings.CreatedAt.ToUnixTimeMilliseconds(),
            ((IJournalExport)journal).ExportAsync);
        await using IDataPlace to = await PlaceAsync(cancel);
        await new Restoration(to, say).RunAsync(source, cancel);
        say.WriteLine($"{from.Name} is as it was. Do not start a server on it again: the two would part ways.");
    }

    private static async Task<ClusterSettings> SettingsOfAsync(FolderPlace from, CancellationToken cancel)
    {
        await using SettingsAccess access = await SettingsAccess.OpenAsync(from, cancel);
        return await access.ReadAsync()
            ?? throw new StartException($"{from.Name} holds no cluster: no server ever started on it.");
    }

    private async Task<IDataPlace> PlaceAsync(CancellationToken cancel) => options.Cluster is { } cluster
        ? await PostgresPlace.OpenAsync(cluster, logs, cancel)
        : await FolderPlace.OpenAsync(options.DataFolder);

    private static async Task<BackupHeader> HeaderAsync(string path, CancellationToken cancel)
    {
        await using FileStream file = Open(path);
        return (await BackupReader.OpenAsync(file, cancel)).Header;
    }

    private static async IAsyncEnumerable<ImagePart> ReadAsync(
        string path, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        await using FileStream file = Open(path);
        BackupReader reader = await BackupReader.OpenAsync(file, cancel);
        await foreach (ImagePart part in reader.PartsAsync(cancel))
        {
            yield return part;
        }
    }

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"The backup {path} cannot be opened: {e.Message}", e);
        }
    }

    private void Describe(BackupHeader header) => say.WriteLine(
        $"Backup of cluster {header.Settings.ClusterId}, taken at {header.TakenAt:yyyy-MM-dd HH:mm:ss}Z, "
        + $"{header.Settings.Partitions} partitions, format level {header.Settings.FormatLevel}.");
}
