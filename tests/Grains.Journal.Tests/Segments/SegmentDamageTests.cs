using System.Text;
using Grains.Journal.Log;
using Grains.Journal.Segments;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Tests.Segments;

/// <summary>What was cut off by a power cut is dropped; anything else that is not as it was written is named.</summary>
public sealed class SegmentDamageTests : IDisposable
{
    private static readonly PartitionId _p = new(7);
    private static readonly PartitionId _other = new(9);
    private readonly SegmentStorage _storage = new(inMemory: true);

    public void Dispose() => _storage.Dispose();

    [Theory]
    [InlineData("x")]
    [InlineData("another payload, so long that the row ends in another alignment than that of one byte")]
    public async Task A_row_that_a_power_cut_tore_at_any_byte_is_dropped_and_the_log_goes_on(string payload)
    {
        using SegmentStorage storage = await WriteAsync();
        (SegmentStorage before, JournalAppend last) = await AppendAsync(storage, Encoding.UTF8.GetBytes(payload));
        using SegmentStorage _ = before;
        (byte[] had, byte[] has) = (File.ReadAllBytes(before.Segments[^1]), File.ReadAllBytes(storage.Segments[^1]));
        int from = Enumerable.Range(0, has.Length).First(i => had[i] != has[i]);
        int to = Enumerable.Range(0, has.Length).Last(i => had[i] != has[i]) + 1;
        Assert.InRange(to - from, RowHead.Bytes, RowHead.Bytes + 200);
        for (int cut = from; cut < to; cut++)
        {
            // Sectors arrive in any order: the beginning alone, or the end alone.
            foreach (bool isEndLost in (bool[])[true, false])
            {
                byte[] torn = [.. has];
                had.AsSpan(isEndLost ? cut..to : from..(cut + 1)).CopyTo(torn.AsSpan(isEndLost ? cut : from));
                if (torn.AsSpan().SequenceEqual(has))
                {
                    continue;
                }

                File.WriteAllBytes(before.Segments[^1], torn);
                using SegmentStorage after = before.Copy();
                await using IJournal journal = after.Open();
                Assert.Equal(["r1 e1 a", "r2 e1 one", "r3 e1 two", "r4 e2 b"], await journal.LinesAsync(_p));
                Assert.Equal(AppendStatus.Durable, (await journal.AppendAsync(last, CancellationToken.None)).Status);
                Assert.Equal($"r5 e2 {payload}", (await journal.LinesAsync(_p))[^1]);
            }
        }
    }

    [Trait("Rule", "12")]
    [Fact]
    public async Task A_flipped_bit_anywhere_is_named_and_never_skipped()
    {
        using SegmentStorage whole = await WriteAsync();
        string[] lines;
        using (SegmentStorage copy = whole.Copy())
        {
            await using IJournal journal = copy.Open();
            lines = await journal.LinesAsync(_p);
        }

        int used = Used(whole.Segments[0]);
        for (int at = 0; at < used; at += 3)
        {
            using SegmentStorage storage = whole.Copy();
            SegmentStorage.Flip(storage.Segments[0], at, (byte)(1 << (at % 8)));
            try
            {
                await using IJournal journal = storage.Open();
                Assert.Equal(lines, await journal.LinesAsync(_p));
                Assert.Equal(["r1 e1 o", "r2 e1 other's"], await journal.LinesAsync(_other));
            }
            catch (JournalUnavailableException e)
            {
                Assert.Contains("segment-000000000001.log", e.Message, StringComparison.Ordinal);
            }
            catch (JournalDamagedException e)
            {
                Assert.Contains("segment-000000000001.log at byte", e.Message, StringComparison.Ordinal);
                Assert.Contains("row", e.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task A_damaged_row_in_the_middle_is_named_with_segment_byte_and_row()
    {
        using SegmentStorage storage = await WriteAsync();
        long at = Offset(storage.Segments[0], "one"u8);
        SegmentStorage.Flip(storage.Segments[0], at, 4);

        await using IJournal journal = storage.Open();
        JournalDamagedException e = await Assert.ThrowsAsync<JournalDamagedException>(() => journal.LinesAsync(_p));
        Assert.Equal((_p, new Revision(2)), (e.Partition, e.Revision));
        Assert.Matches("flush row 4 has CRC .* It lies in .*segment-000000000001.log at byte [0-9]+", e.Message);
        Assert.Equal(["r3 e1 two"], await journal.LinesAsync(_p, from: 3));
        Assert.Equal(2, (await journal.LinesAsync(_other)).Length);
    }

    [Fact]
    public async Task A_head_that_cannot_be_read_before_rows_that_can_stops_the_start()
    {
        using SegmentStorage storage = await WriteAsync();
        SegmentStorage.Flip(storage.Segments[0], RowAt(storage.Segments[0], "one"u8), 1);
        JournalUnavailableException e = Assert.Throws<JournalUnavailableException>(() => storage.Open());
        Assert.Matches(
            "segment-000000000001.log is damaged: its row 4 at byte [0-9]+ cannot be read, and rows that can be",
            e.Message);
    }

    [Fact]
    public async Task The_last_row_damaged_after_it_was_answered_is_damage_and_not_the_end()
    {
        using SegmentStorage storage = await WriteAsync();
        SegmentStorage.Flip(storage.Segments[0], Offset(storage.Segments[0], "other's"u8), 1);
        await using (IJournal journal = storage.Open())
        {
            JournalDamagedException e = await Assert.ThrowsAsync<JournalDamagedException>(
                () => journal.LinesAsync(_other));
            Assert.Equal((_other, new Revision(2)), (e.Partition, e.Revision));
        }

        SegmentStorage.Flip(storage.Segments[0], RowAt(storage.Segments[0], "two"u8), 1);
        Assert.Throws<JournalUnavailableException>(() => storage.Open());
    }

    [Fact]
    public async Task In_an_older_segment_a_damaged_row_stops_only_whom_it_may_have_held_last()
    {
        PartitionId idle = new(1);
        await using (IJournal journal = _storage.Open())
        {
            Owner quiet = await Owner.AcquireAsync(journal, idle);
            await quiet.AppendAsync("its newest");
            Owner busy = await Owner.AcquireAsync(journal, _p);
            for (int i = 0; i < 30; i++)
            {
                await busy.AppendAsync(new string((char)('a' + i), 100_000));
            }
        }

        Assert.True(_storage.Segments.Length > 1);
        SegmentStorage.Flip(_storage.Segments[0], RowAt(_storage.Segments[0], "its newest"u8), 1);
        await using IJournal damaged = _storage.Open();
        JournalDamagedException e = await Assert.ThrowsAsync<JournalDamagedException>(() => damaged.LinesAsync(idle));
        Assert.Contains("cannot be read. It lies in", e.Message, StringComparison.Ordinal);
        Assert.Equal(31, (await damaged.LinesAsync(_p)).Length);
        await Assert.ThrowsAsync<JournalDamagedException>(
            async () => await damaged.AcquireAsync(idle, "b", 1, 0, CancellationToken.None));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_missing_segment_is_named_whichever_it_is(int which)
    {
        using SegmentStorage storage = await WriteManyAsync();
        string path = storage.Segments[which];
        File.Delete(path);
        for (int i = 0; i < 2; i++)
        {
            JournalUnavailableException e = Assert.Throws<JournalUnavailableException>(() => storage.Open());
            Assert.Contains($"{Path.GetFileName(path)} is missing", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Without_any_segment_or_without_its_folder_a_journal_does_not_begin_anew()
    {
        using SegmentStorage storage = await WriteManyAsync();
        foreach (string segment in storage.Segments)
        {
            File.Delete(segment);
        }

        Assert.Contains(
            "holds no segment", Assert.Throws<JournalUnavailableException>(() => storage.Open()).Message,
            StringComparison.Ordinal);
        Directory.Delete(storage["."], recursive: true);
        Assert.Contains(
            "journal is missing", Assert.Throws<JournalUnavailableException>(() => storage.Open()).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exchanged_segments_and_those_of_another_folder_are_refused()
    {
        using SegmentStorage storage = await WriteManyAsync();
        using SegmentStorage exchanged = storage.Copy();
        string[] segments = exchanged.Segments;
        File.Copy(storage.Segments[0], segments[1], overwrite: true);
        Assert.Contains(
            "is damaged, or another segment",
            Assert.Throws<JournalUnavailableException>(() => exchanged.Open()).Message,
            StringComparison.Ordinal);

        using SegmentStorage other = await WriteManyAsync();
        for (int i = 0; i < 3; i++)
        {
            using SegmentStorage mixed = storage.Copy();
            File.Copy(other.Segments[i], mixed.Segments[i], overwrite: true);
            Assert.Contains(
                "belongs to the folder", Assert.Throws<JournalUnavailableException>(() => mixed.Open()).Message,
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_older_copy_of_a_segment_or_of_all_of_them_is_refused()
    {
        using SegmentStorage old = await WriteAsync();
        using SegmentStorage storage = old.Copy();
        await using (IJournal journal = storage.Open())
        {
            await (await Owner.AcquireAsync(journal, _p, "b")).AppendAsync("more");
        }

        File.Copy(old.Segments[0], storage.Segments[0], overwrite: true);
        Assert.Contains(
            "is cut off, or an older copy", Assert.Throws<JournalUnavailableException>(() => storage.Open()).Message,
            StringComparison.Ordinal);

        using SegmentStorage many = await WriteManyAsync();
        using SegmentStorage later = many.Copy();
        await using (IJournal journal = later.Open())
        {
            Owner owner = await Owner.AcquireAsync(journal, _p, "b");
            for (int i = 0; i < 60; i++)
            {
                await owner.AppendAsync(new string('n', 100_000));
            }
        }

        File.Copy(many.Segments[^1], later.Segments[many.Segments.Length - 1], overwrite: true);
        await using IJournal mixed = later.Open();
        JournalDamagedException e = await Assert.ThrowsAsync<JournalDamagedException>(() => mixed.LinesAsync(_p));
        Assert.Contains(Path.GetFileName(many.Segments[^1]), e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("cut")]
    [InlineData("other")]
    [InlineData("flipped")]
    public async Task A_checkpoint_that_is_not_what_was_written_is_named(string how)
    {
        string path;
        await using (IJournal journal = _storage.Open())
        {
            Owner owner = await Owner.AcquireAsync(journal, _p);
            await owner.CheckpointAsync(null, "one", "two");
            path = Assert.Single(_storage.Checkpoints);
            Owner another = await Owner.AcquireAsync(journal, _other);
            await another.CheckpointAsync(null, "other's");
        }

        byte[] bytes = await File.ReadAllBytesAsync(path);
        switch (how)
        {
            case "missing":
                File.Delete(path);
                break;
            case "cut":
                await File.WriteAllBytesAsync(path, bytes[..^1]);
                break;
            case "other":
                File.Copy(_storage.Checkpoints.Single(c => c != path), path, overwrite: true);
                break;
            default:
                SegmentStorage.Flip(path, bytes.Length - 1, 1);
                await using (IJournal damaged = _storage.Open())
                {
                    JournalDamagedException e = await Assert.ThrowsAsync<JournalDamagedException>(
                        () => damaged.CheckpointTextAsync(_p));
                    Assert.Contains(
                        $"chunk 1 of its checkpoint {path} cannot be read", e.Message, StringComparison.Ordinal);
                }

                return;
        }

        Assert.Contains(
            Path.GetFileName(path), Assert.Throws<JournalUnavailableException>(() => _storage.Open()).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_payload_that_looks_like_a_row_is_none_when_its_own_head_is_torn()
    {
        // Rows of another log, at every alignment that they can have.
        byte[] rows;
        using (SegmentStorage other = await WriteAsync())
        {
            rows = File.ReadAllBytes(other.Segments[0])[SegmentHeader.Bytes..4096];
        }

        byte[] forged = [.. Enumerable.Range(0, RowHead.Alignment).SelectMany(i => (byte[])[.. rows, (byte)i])];
        using SegmentStorage storage = await WriteAsync();
        (SegmentStorage before, JournalAppend last) = await AppendAsync(storage, forged);
        using SegmentStorage _ = before;
        byte[] torn = File.ReadAllBytes(storage.Segments[0]);
        torn.AsSpan((int)RowAt(storage.Segments[0], forged), RowHead.Bytes).Clear();
        File.WriteAllBytes(before.Segments[0], torn);

        await using IJournal journal = before.Open();
        Assert.Equal(4, (await journal.RecordsAsync(_p)).Count);
        Assert.Equal(AppendStatus.Durable, (await journal.AppendAsync(last, CancellationToken.None)).Status);
    }

    /// <summary>One more row.</summary>
    /// <returns>What was there before it, and the row.</returns>
    private static async Task<(SegmentStorage Before, JournalAppend Last)> AppendAsync(SegmentStorage storage, byte[] payload)
    {
        await using IJournal journal = storage.Open();
        Owner owner = await Owner.AcquireAsync(journal, _p, "b");
        JournalAppend last = owner.Next(payload);
        SegmentStorage before = storage.Copy();
        Assert.Equal(AppendStatus.Durable, await owner.TryAsync(last));
        return (before, last);
    }

    /// <summary>Two partitions: r1 to r3 of one in rows 3 to 5, then r1 and r2 of the other.</summary>
    private static async Task<SegmentStorage> WriteAsync()
    {
        using SegmentStorage storage = new(inMemory: true);
        await using (IJournal journal = storage.Open())
        {
            Owner owner = await Owner.AcquireAsync(journal, _p);
            await owner.AppendAsync("one");
            await owner.AppendAsync("two");
            await (await Owner.AcquireAsync(journal, _other, "o")).AppendAsync("other's");
        }

        return storage.Copy();
    }

    /// <summary>A log of three segments.</summary>
    private static async Task<SegmentStorage> WriteManyAsync()
    {
        using SegmentStorage storage = new(inMemory: true);
        await using (IJournal journal = storage.Open())
        {
            Owner owner = await Owner.AcquireAsync(journal, _p);
            for (int i = 0; i < 40; i++)
            {
                await owner.AppendAsync(new string((char)('a' + (i % 26)), 100_000));
            }
        }

        Assert.Equal(3, storage.Segments.Length);
        return storage.Copy();
    }

    private static int Used(string segment) => File.ReadAllBytes(segment).AsSpan().LastIndexOfAnyExcept((byte)0) + 1;

    private static long Offset(string segment, ReadOnlySpan<byte> of) =>
        File.ReadAllBytes(segment).AsSpan().LastIndexOf(of);

    /// <summary>
    /// Where the head of the row that holds these bytes stands: every row here has one record and no notes.
    /// </summary>
    private static long RowAt(string segment, ReadOnlySpan<byte> of) =>
        Offset(segment, of) - RowHead.Bytes - FlushRow.DirectoryBytes(1);
}
