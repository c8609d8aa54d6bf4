using Grains.Journal;
using Grains.Journal.Images;
using Grains.Silo.Backups;
using Grains.Silo.Cluster;

namespace Grains.Server.Backups;

/// <summary>
/// Puts a source into an empty place: marks it, so that no server starts on it; puts everything in as one step; reads
/// it back, recovers both sides and compares them; takes the mark away. Whatever ends it on the way, it can be
/// repeated.
/// </summary>
internal sealed class Restoration(IDataPlace to, TextWriter say)
{
    public async Task RunAsync(Source source, CancellationToken cancel)
    {
        await using SettingsAccess settings = await SettingsAccess.OpenAsync(to, cancel);
        ClusterSettings? present = await settings.ReadAsync();
        bool isEmpty = await IsEmptyAsync(cancel);
        if (Refuses(source, present, isEmpty) is { } why)
        {
            throw new StartException($"{why} Nothing was changed.");
        }

        ClusterSettings marked = await settings.RestoreAsync(source.Settings with { Restoring = source.Name });
        if (marked.Restoring != source.Name)
        {
            throw new StartException(
                $"A server has made a cluster of {to.Name} meanwhile. Stop it, and choose an empty place.");
        }

        if (isEmpty)
        {
            ImageTotals totals = await to.ImportAsync(source.Image(cancel), source.ForkedAtMs, cancel);
            say.WriteLine(
                $"Put in: {totals.Partitions} partitions, {totals.Chunks} chunks of checkpoints, {totals.Records} "
                + "records, "
                + $"{totals.Bytes} bytes.");
        }
        else
        {
            say.WriteLine("An earlier try had put everything in. It is compared now.");
        }

        await CompareAsync(source, cancel);
        await to.BindAsync(marked, cancel);
        await settings.RestoreAsync(marked with { Restoring = null });
        say.WriteLine($"{to.Name} holds what {source.Name} held: every partition was read back and is equal.");
        if (marked.Paused is not null)
        {
            say.WriteLine(
                "Push and timers are paused there until POST /v1/cluster:resume: the cluster that was backed up may "
                + "still be at work.");
        }

        say.WriteLine(
            $"It is cluster {marked.ClusterId}, with {marked.Partitions} partitions. Servers may start on it.");
    }

    private string? Refuses(Source source, ClusterSettings? present, bool isEmpty) => present switch
    {
        { Restoring: null } =>
            $"{to.Name} holds cluster {present.ClusterId} already. Choose an empty place, or move this one aside.",
        null when !isEmpty => $"{to.Name} holds partitions. Choose an empty place, or move this one aside.",
        { Restoring: var begun } when !isEmpty && begun != source.Name =>
            $"{to.Name} holds what {begun} held, not yet compared. Repeat that with the same words, or empty the "
            + "place.",
        _ => null,
    };

    private async Task<bool> IsEmptyAsync(CancellationToken cancel)
    {
        await using IJournal journal = await to.OpenJournalAsync(cancel);
        await foreach (ImagePart _ in ((IJournalExport)journal).ExportAsync(cancel))
        {
            return false;
        }

        return true;
    }

    private async Task CompareAsync(Source source, CancellationToken cancel)
    {
        await using IJournal journal = await to.OpenJournalAsync(cancel);
        await using IAsyncEnumerator<PartitionDigest> there =
            ((IJournalExport)journal).ExportAsync(cancel).DigestsAsync(null, cancel).GetAsyncEnumerator(cancel);
        DigestTable table = new(say);
        await foreach (PartitionDigest wanted in source.Image(cancel).DigestsAsync(source.ForkedAtMs, cancel))
        {
            PartitionDigest? found = await there.MoveNextAsync() ? there.Current : null;
            if (found != wanted)
            {
                throw new StartException(
                    $"{to.Name} does not hold what {source.Name} holds: {found?.ToString() ?? "nothing"} instead of "
                    + $"{wanted}. "
                    + "Empty it and try again; no server will start on it.");
            }

            table.Add(wanted);
        }

        if (await there.MoveNextAsync())
        {
            throw new StartException(
                $"{to.Name} holds more than {source.Name}: {there.Current}. Empty it and try again; no server will "
                + "start on it.");
        }

        table.End();
    }
}
