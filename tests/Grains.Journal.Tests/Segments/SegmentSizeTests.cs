using Grains.Journal.Segments;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Tests.Segments;

/// <summary>The log holds what is needed, and a bounded rest; where it begins anew nothing is lost.</summary>
public sealed class SegmentSizeTests : IDisposable
{
    private const long _segmentBytes = 1 << 20;
    private static readonly PartitionId _busy = new(7);
    private static readonly PartitionId _idle = new(9);
    private readonly SegmentStorage _storage = new();

    public void Dispose() => _storage.Dispose();

    [Fact]
    public async Task Segments_whose_rows_nobody_needs_are_used_again()
    {
        SegmentJournal journal = Open();
        Owner owner = await Owner.AcquireAsync(journal, _busy);
        for (int i = 0; i < 200; i++)
        {
            await owner.AppendAsync(new string('x', 100_000));
            if (i % 5 == 4)
            {
                Assert.True(await owner.CheckpointAsync(null, $"{i}"));
                Assert.True(await owner.TruncateAsync(owner.Tail.Revision));
            }
        }

        await journal.DisposeAsync();
        Assert.InRange(_storage.Segments.Length, 1, 4);
        Assert.InRange(LogBytes(), _segmentBytes, 4 * _segmentBytes);
        Assert.DoesNotContain("000000000001", _storage.Segments[0], StringComparison.Ordinal);
        await using IJournal again = Open();
        Assert.Equal("r201: 199", await again.CheckpointTextAsync(_busy));
        await owner.On(again).AppendAsync("goes on");
    }

    [Fact]
    public async Task A_partition_that_is_written_seldom_holds_back_its_own_rows_and_no_segment()
    {
        string[] idle;
        Owner owner;
        Owner quiet;
        await using (SegmentJournal journal = Open())
        {
            quiet = await Owner.AcquireAsync(journal, _idle);
            owner = await Owner.AcquireAsync(journal, _busy);
            for (int i = 0; i < 300; i++)
            {
                await owner.AppendAsync(new string('x', 100_000));
                if (i % 50 == 0)
                {
                    await quiet.AppendAsync($"seldom {i}");
                }

                if (i % 10 == 9)
                {
                    Assert.True(await owner.CheckpointAsync(null, $"{i}"));
                    Assert.True(await owner.TruncateAsync(owner.Tail.Revision));
                }
            }

            idle = await journal.BytesAsync(_idle);
            Assert.Equal(7, idle.Length);
        }

        Assert.InRange(LogBytes(), _segmentBytes, 8 * _segmentBytes);
        for (int i = 0; i < 2; i++)
        {
            await using SegmentJournal again = Open();
            Assert.Equal(idle, await again.BytesAsync(_idle));
            Assert.Equal("r301: 299", await again.CheckpointTextAsync(_busy));
        }

        await using SegmentJournal last = Open();
        await quiet.On(last).AppendAsync("goes on");
        await owner.On(last).AppendAsync("goes on");
    }

    [Fact]
    public async Task A_reader_sees_the_same_while_segments_are_put_together_and_used_again()
    {
        await using SegmentJournal journal = Open();
        Owner quiet = await Owner.AcquireAsync(journal, _idle);
        for (int i = 0; i < 200; i++)
        {
            await quiet.AppendAsync($"kept {i}");
        }

        string[] kept = await journal.BytesAsync(_idle);
        using CancellationTokenSource enough = new();
        Task reading = Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                Assert.Equal(kept, await journal.BytesAsync(_idle));
            }
        });
        Owner owner = await Owner.AcquireAsync(journal, _busy);
        for (int i = 0; i < 300 && !reading.IsCompleted; i++)
        {
            await owner.AppendAsync(new string('x', 100_000));
            if (i % 5 == 4)
            {
                Assert.True(await owner.CheckpointAsync(null, $"{i}"));
                Assert.True(await owner.TruncateAsync(owner.Tail.Revision));
            }
        }

        await enough.CancelAsync();
        await reading;
    }

    [Fact]
    public async Task A_power_cut_at_any_flush_finds_every_answered_record_while_segments_come_and_go()
    {
        await using SegmentJournal journal = Open();
        Owner quiet = await Owner.AcquireAsync(journal, _idle);
        Owner owner = await Owner.AcquireAsync(journal, _busy);
        for (int i = 0; i < 120; i++)
        {
            await owner.AppendAsync(new string('x', 90_000));
            await quiet.AppendAsync($"{i}");
            if (i % 7 == 6)
            {
                Assert.True(await owner.CheckpointAsync(null, $"{i}"));
                Assert.True(await owner.TruncateAsync(owner.Tail.Revision));
            }

            if (i % 4 == 0)
            {
                using SegmentStorage left = _storage.Copy();
                await using IJournal after = left.Open(new() { Folder = left.Folder, SegmentBytes = _segmentBytes });
                Assert.Equal(i + 2, (await after.RecordsAsync(_idle)).Count);
                await owner.On(after).AppendAsync("goes on");
            }
        }
    }

    [Fact]
    public async Task A_row_larger_than_a_segment_has_one_of_its_own_size()
    {
        await using (SegmentJournal journal = Open())
        {
            Owner owner = await Owner.AcquireAsync(journal, _busy);
            await owner.AppendAsync(new string('l', JournalLimits.PayloadBytesMax));
            await owner.AppendAsync("after");
        }

        await using SegmentJournal again = Open();
        Assert.Equal(JournalLimits.PayloadBytesMax, (await again.RecordsAsync(_busy))[1].Payload.Length);
    }

    [Fact]
    public async Task An_image_that_is_being_read_keeps_what_it_needs()
    {
        await using SegmentJournal journal = Open();
        Owner owner = await Owner.AcquireAsync(journal, _busy);
        await owner.CheckpointAsync(null, "first");
        for (int i = 0; i < 10; i++)
        {
            await owner.AppendAsync($"{i}");
        }

        List<string> parts = [];
        await foreach (Images.ImagePart part in journal.ExportAsync(CancellationToken.None))
        {
            parts.Add(part.GetType().Name);
            for (int i = 0; i < 5; i++)
            {
                await owner.AppendAsync(new string('x', 300_000));
                Assert.True(await owner.CheckpointAsync(null, $"{i}"));
                Assert.True(await owner.TruncateAsync(owner.Tail.Revision));
            }
        }

        Assert.Equal(["Begin", "Chunk", .. Enumerable.Repeat("Entry", 10), "End"], parts);
        Assert.True(_storage.Segments.Length > 10);
        for (int i = 0; i < 10; i++)
        {
            await owner.AppendAsync(new string('x', 300_000));
        }

        await journal.DisposeAsync();
        Assert.InRange(_storage.Segments.Length, 1, 5);
        Assert.Single(_storage.Checkpoints);
    }

    private SegmentJournal Open() => _storage.Open(new() { Folder = _storage.Folder, SegmentBytes = _segmentBytes });

    private long LogBytes() => Directory.GetFiles(_storage["."], "*.log").Sum(f => new FileInfo(f).Length);
}
