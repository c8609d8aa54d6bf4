using Grains.Journal.Images;
using Grains.Journal.Memory;
using Grains.Journal.Tests.Memory;
using Grains.Journal.Tests.Postgres;
using Grains.Journal.Tests.Segments;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Tests;

/// <summary>What every journal keeps to when it is taken out whole, and put in elsewhere.</summary>
public abstract partial class JournalContract
{
    private static readonly PartitionId _other = new(9);

    public static TheoryData<string> Kinds => ["memory", "segments", "postgres"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task An_image_put_into_any_journal_reads_as_it_did_and_then_says_that_the_history_forked(string kind)
    {
        Owner owner = await FillAsync();
        string?[] state = [await Journal.CheckpointTextAsync(_p), await Journal.CheckpointTextAsync(_other)];
        string[] records = await Journal.BytesAsync(_p, from: 4);
        string[] others = await Journal.BytesAsync(_other);

        IJournal restored = await RestoreAsync(kind, ExportAsync(Journal));

        Assert.Equal(state[0], await restored.CheckpointTextAsync(_p));
        Assert.Equal(state[1], await restored.CheckpointTextAsync(_other));
        Assert.Equal(records, (await restored.BytesAsync(_p, from: 4))[..^1]);
        Assert.Equal(others, (await restored.BytesAsync(_other))[..^1]);
        JournalRecord mark = (await restored.RecordsAsync(_p, from: 4))[^1];
        Assert.Equal(JournalRecordKind.Epoch, mark.Kind);
        Assert.Equal(owner.Tail.Revision.Next + HistoryFork.RevisionRaise, mark.First);
        Assert.Equal(new Epoch(owner.Epoch.Value + 1 + HistoryFork.EpochRaise), mark.Epoch);
        Assert.Equal(new EpochRecord(1, 2_000, HistoryFork.Restored), EpochRecord.Decode(mark.Payload.Span));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_restored_partition_is_owned_written_checkpointed_and_taken_out_again(string kind)
    {
        Owner before = await FillAsync();
        IJournal restored = await RestoreAsync(kind, ExportAsync(Journal));

        Owner owner = await Owner.AcquireAsync(restored, _p, "new", membershipVersion: 0);
        Assert.Equal(before.Tail.Revision.Next.Next + HistoryFork.RevisionRaise, owner.Tail.Revision);
        await owner.AppendAsync("more", count: 2);
        string[] after = await restored.LinesAsync(_p, before.Tail.Revision.Next.Value);
        Assert.Equal(["new", "more"], after[1..].Select(l => l.Split(' ')[2]));
        Assert.Equal(1, await IncarnationAsync(restored, before.Tail.Revision.Next));

        IJournal again = await RestoreAsync("segments", ExportAsync(restored));
        Assert.Equal(2, await IncarnationAsync(again, owner.Tail.Revision.Next));
        Assert.True(await owner.CheckpointAsync(null, "state 2"));
        Assert.True(await owner.TruncateAsync(owner.Tail.Revision));
        again = await RestoreAsync("memory", ExportAsync(restored));
        Assert.Equal($"{owner.Tail.Revision}: state 2", await again.CheckpointTextAsync(_p));
        Owner last = await Owner.AcquireAsync(again, _p, "last");
        Assert.Equal(owner.Tail.Revision.Next.Next + HistoryFork.RevisionRaise, last.Tail.Revision);
        Assert.Equal(2, await IncarnationAsync(again, owner.Tail.Revision.Next));
    }

    [Fact]
    public async Task A_journal_reads_the_same_after_the_fork_when_it_is_opened_again()
    {
        await FillAsync();
        IJournalStorage target = Keep(NewStorage());
        await target.ImportAsync(ExportAsync(Journal));
        IJournal first = Open(target);
        Owner owner = await Owner.AcquireAsync(first, _p, "new");
        await owner.AppendAsync("more");
        string[] records = await first.BytesAsync(_p, from: 4);
        await first.DisposeAsync();

        IJournal second = Open(target);
        Assert.Equal(records, await second.BytesAsync(_p, from: 4));
        await owner.On(second).AppendAsync("yet more");
    }

    [Fact]
    public async Task An_owner_from_before_the_restore_writes_nothing_into_the_restored_journal()
    {
        Owner stale = await FillAsync();
        IJournalStorage target = Keep(NewStorage());
        await target.ImportAsync(ExportAsync(Journal));
        IJournal restored = Open(target);
        string[] records = await restored.BytesAsync(_p, from: 4);

        Owner there = stale.On(restored);
        Assert.False(await there.ConfirmAsync());
        Assert.Equal(AppendStatus.Fenced, await there.TryAsync(stale.Next("late")));
        Assert.False(await there.TruncateAsync(stale.Tail.Revision));
        await Owner.AcquireAsync(restored, _p, "new");
        Assert.Equal(AppendStatus.Fenced, await there.TryAsync(stale.Next("late")));
        Assert.Equal(records, (await restored.BytesAsync(_p, from: 4))[..^1]);
    }

    [Fact]
    public async Task An_image_is_not_put_where_a_partition_was_acquired()
    {
        await FillAsync();
        IJournalStorage target = Keep(NewStorage());
        IJournal used = Open(target);
        await Owner.AcquireAsync(used, new PartitionId(1), "mine");
        await used.DisposeAsync();

        await Assert.ThrowsAsync<JournalUnavailableException>(() => target.ImportAsync(ExportAsync(Journal)));
        IJournal after = Open(target);
        Assert.Equal(["r1 e1 mine"], await after.LinesAsync(new PartitionId(1)));
        Assert.Empty(await after.RecordsAsync(_other));
    }

    [Fact]
    public async Task An_import_that_breaks_off_leaves_nothing_and_can_be_repeated()
    {
        await FillAsync();
        List<ImagePart> parts = await ListAsync(ExportAsync(Journal));
        foreach (int cut in Enumerable.Range(1, parts.Count - 1).Where(c => parts[c - 1] is not ImagePart.End))
        {
            IJournalStorage target = Keep(NewStorage());
            await Assert.ThrowsAsync<IOException>(() => target.ImportAsync(Breaking(parts, cut)));
            await Assert.ThrowsAsync<ImageDamagedException>(() => target.ImportAsync(Of(parts[..cut], cut)));
            IJournal empty = Open(target);
            Assert.Empty(await empty.RecordsAsync(_p));
            Assert.Null(await empty.CheckpointTextAsync(_p));
            await empty.DisposeAsync();

            ImageTotals totals = await target.ImportAsync(Of(parts));
            Assert.Equal(2, totals.Partitions);
            Assert.Equal(
                (await Journal.RecordsAsync(_p, from: 4)).Count + 1,
                (await Open(target).RecordsAsync(_p, from: 4)).Count);
        }
    }

    [Fact]
    public async Task An_image_with_a_record_missing_doubled_or_changed_is_refused()
    {
        await FillAsync();
        List<ImagePart> parts = await ListAsync(ExportAsync(Journal));
        int record = parts.FindIndex(p => p is ImagePart.Entry { Record.Kind: JournalRecordKind.Batch });
        JournalRecord changed = ((ImagePart.Entry)parts[record]).Record with { Payload = "other"u8.ToArray() };
        foreach (List<ImagePart> spoiled in new List<ImagePart>[]
        {
            [.. parts[..record], .. parts[(record + 1)..]],
            [.. parts[..record], parts[record], .. parts[record..]],
            [.. parts[..record], new ImagePart.Entry(changed), .. parts[(record + 1)..]],
            [.. parts, .. parts],
        })
        {
            IJournalStorage target = Keep(NewStorage());
            await Assert.ThrowsAsync<ImageDamagedException>(() => target.ImportAsync(Of(spoiled)));
            Assert.Empty(await Open(target).RecordsAsync(_other));
        }
    }

    [Fact]
    public async Task An_image_taken_under_load_never_holds_the_later_of_two_writes_without_the_earlier()
    {
        Owner earlier = await Owner.AcquireAsync(Journal, _p, "earlier");
        Owner later = await Owner.AcquireAsync(Journal, _other, "later");
        using CancellationTokenSource enough = new();
        Task writing = Task.Run(async () =>
        {
            for (int i = 0; !enough.IsCancellationRequested; i++)
            {
                await earlier.AppendAsync($"w{i}");
                await later.AppendAsync($"w{i}");
            }
        });

        long seen = 0;
        for (int moves = 0; moves < 8 && !writing.IsCompleted;)
        {
            List<ImagePart> parts = await ListAsync(ExportAsync(Journal));
            long[] tails = [.. parts.OfType<ImagePart.End>().Select(e => e.Tail.Revision.Value)];
            Assert.InRange(tails[0] - tails[1], 0, 1);
            Assert.True(tails[1] >= seen);
            moves += tails[1] > seen ? 1 : 0;
            seen = tails[1];
        }

        await enough.CancelAsync();
        await writing;
    }

    [Fact]
    public async Task Appends_go_on_while_an_image_is_being_read()
    {
        Owner owner = await FillAsync();
        await using IAsyncEnumerator<ImagePart> image = ExportAsync(Journal).GetAsyncEnumerator();
        Assert.True(await image.MoveNextAsync());
        await owner.AppendAsync("after the cut");
        Assert.True(await owner.CheckpointAsync(null, "later state"));
        Assert.True(await owner.TruncateAsync(owner.Tail.Revision));

        List<ImagePart> rest = [];
        while (await image.MoveNextAsync())
        {
            rest.Add(image.Current);
        }

        Assert.Contains(
            rest, p => p is ImagePart.End { Tail.Revision.Value: var at } && at == owner.Tail.Revision.Value - 1);
    }

    [Fact]
    public async Task A_damaged_record_ends_an_image_by_its_name()
    {
        Owner owner = await Owner.AcquireAsync(Journal, _p);
        await owner.AppendAsync("whole");
        await owner.AppendAsync("to be damaged");
        await Journal.DisposeAsync();
        _storage.Damage("to be damaged"u8.ToArray());

        JournalDamagedException e = await Assert.ThrowsAsync<JournalDamagedException>(
            () => ListAsync(ExportAsync(Open(_storage))));
        Assert.Equal((_p, new Revision(3)), (e.Partition, e.Revision));
    }

    /// <summary>
    /// One partition with a checkpoint at r3, something forgotten and records after it; one with records alone.
    /// </summary>
    private async Task<Owner> FillAsync()
    {
        Owner first = await Owner.AcquireAsync(Journal, _p, "first");
        await first.AppendAsync("a", count: 2);
        Assert.True(await first.CheckpointAsync(null, "st", "ate"));
        Assert.True(await first.TruncateAsync(new Revision(3)));
        await first.AppendAsync("b");
        Owner other = await Owner.AcquireAsync(Journal, _other, "other");
        await other.AppendAsync("x", count: 5);
        Owner second = await Owner.AcquireAsync(Journal, _p, "second");
        await second.AppendAsync("c", count: 3);
        return second;
    }

    private async Task<IJournal> RestoreAsync(string kind, IAsyncEnumerable<ImagePart> parts)
    {
        IJournalStorage target = Keep(kind switch
        {
            "memory" => new MemoryStorage(new MemoryDisk()),
            "segments" => new SegmentStorage(),
            _ => (IJournalStorage)new PostgresStorage(),
        });
        await target.ImportAsync(parts);
        return Open(target);
    }

    private static async Task<long> IncarnationAsync(IJournal journal, Revision from) =>
        EpochRecord.Decode(
            (await journal.RecordsAsync(_p, from.Value)).Last(r => r.Kind == JournalRecordKind.Epoch).Payload.Span)
            .Incarnation;

    private static IAsyncEnumerable<ImagePart> ExportAsync(IJournal journal) =>
        ((IJournalExport)journal).ExportAsync(CancellationToken.None);

    private static async Task<List<ImagePart>> ListAsync(IAsyncEnumerable<ImagePart> parts)
    {
        List<ImagePart> list = [];
        await foreach (ImagePart part in parts)
        {
            // Its bytes are valid until the next is asked for.
            list.Add(part is ImagePart.Chunk chunk ? new ImagePart.Chunk(chunk.Bytes.ToArray()) : part);
        }

        return list;
    }

    private static async IAsyncEnumerable<ImagePart> Of(List<ImagePart> parts, int count = int.MaxValue)
    {
        foreach (ImagePart part in parts.Take(count))
        {
            await Task.Yield();
            yield return part;
        }
    }

    private static async IAsyncEnumerable<ImagePart> Breaking(List<ImagePart> parts, int after)
    {
        await foreach (ImagePart part in Of(parts, after))
        {
            yield return part;
        }

        throw new IOException("The stream broke off.");
    }
}
