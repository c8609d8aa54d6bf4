using System.Text;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Tests;

public abstract partial class JournalContract
{
    [Fact]
    public async Task An_older_epoch_can_neither_checkpoint_nor_truncate()
    {
        Owner old = await Owner.AcquireAsync(Journal, _p);
        await old.AppendAsync("x");
        Owner now = await Owner.AcquireAsync(Journal, _p);
        await now.AppendAsync("y");
        Assert.True(await now.CheckpointAsync(now.Tail, "good"));

        Assert.False(await old.CheckpointAsync(now.Tail, "bad"));
        Assert.False(await old.TruncateAsync(old.Tail.Revision));
        Assert.Equal("r4: good", await Journal.CheckpointTextAsync(_p));
        Assert.Equal(4, (await Journal.RecordsAsync(_p)).Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_checkpoint_whose_writer_loses_the_partition_on_the_way_does_not_count(int chunksBefore)
    {
        Owner old = await Owner.AcquireAsync(Journal, _p);
        await old.AppendAsync("x");
        Assert.True(await old.CheckpointAsync(null, "first"));
        await old.AppendAsync("y");

        Assert.False(await Journal.WriteCheckpointAsync(_p, old.Epoch, old.Tail, Chunks(), CancellationToken.None));
        Assert.Equal("r2: first", await Journal.CheckpointTextAsync(_p));

        IEnumerable<ReadOnlyMemory<byte>> Chunks()
        {
            for (int i = 0; i < 2; i++)
            {
                if (i == chunksBefore)
                {
                    Owner.AcquireAsync(Journal, _p, "b").GetAwaiter().GetResult();
                }

                yield return "half"u8.ToArray();
            }

            if (chunksBefore == 2)
            {
                // Nothing is left but to move the pointer.
                Owner.AcquireAsync(Journal, _p, "b").GetAwaiter().GetResult();
            }
        }
    }

    [Fact]
    public async Task The_checkpoint_pointer_only_moves_forward()
    {
        Owner owner = await Owner.AcquireAsync(Journal, _p);
        await owner.AppendAsync("x");
        JournalTail earlier = owner.Tail;
        await owner.AppendAsync("y");

        Assert.Null(await Journal.CheckpointTextAsync(_p));
        Assert.True(await owner.CheckpointAsync(null, "new", "er"));
        Assert.True(await owner.CheckpointAsync(earlier, "older"));
        Assert.Equal("r3: new|er", await Journal.CheckpointTextAsync(_p));
        await owner.AppendAsync("z");
        Assert.True(await owner.CheckpointAsync(null, "newest"));
        Assert.Equal("r4: newest", await Journal.CheckpointTextAsync(_p));
        Reopen();
        Assert.Equal("r4: newest", await Journal.CheckpointTextAsync(_p));
    }

    [Fact]
    public async Task A_checkpoint_overtaken_by_a_newer_one_does_not_move_the_pointer_back()
    {
        Owner owner = await Owner.AcquireAsync(Journal, _p);
        await owner.AppendAsync("x");
        JournalTail earlier = owner.Tail;
        await owner.AppendAsync("y");

        Assert.True(await Journal.WriteCheckpointAsync(_p, owner.Epoch, earlier, Chunks(), CancellationToken.None));
        Assert.Equal("r3: newer", await Journal.CheckpointTextAsync(_p));
        Assert.True(await owner.TruncateAsync(owner.Tail.Revision));
        Reopen();
        Assert.Equal("r3: newer", await Journal.CheckpointTextAsync(_p));

        IEnumerable<ReadOnlyMemory<byte>> Chunks()
        {
            yield return "old"u8.ToArray();
            Assert.True(owner.CheckpointAsync(null, "newer").GetAwaiter().GetResult());
            yield return "er"u8.ToArray();
        }
    }

    [Fact]
    public async Task A_checkpoint_must_stand_at_the_end_of_a_record()
    {
        Owner owner = await Owner.AcquireAsync(Journal, _p);
        JournalTail unwritten = owner.Next("x").Next;

        await Assert.ThrowsAsync<ArgumentException>(() => owner.CheckpointAsync(unwritten, "bad"));
        Assert.Null(await Journal.CheckpointTextAsync(_p));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_power_cut_in_the_middle_of_a_checkpoint_leaves_the_previous_whole(int chunksWritten)
    {
        Owner owner = await Owner.AcquireAsync(Journal, _p);
        await owner.AppendAsync("x");
        await owner.CheckpointAsync(null, "good", "state");
        await owner.AppendAsync("y");
        IJournalStorage? left = null;

        await Journal.WriteCheckpointAsync(_p, owner.Epoch, owner.Tail, Chunks(), CancellationToken.None);
        Assert.Equal("r3: new|newer|newest", await Journal.CheckpointTextAsync(_p));

        IJournal after = Open(Keep(left!));
        Assert.Equal("r2: good|state", await after.CheckpointTextAsync(_p));
        Assert.True(await owner.On(after).CheckpointAsync(null, "again"));
        Assert.Equal("r3: again", await after.CheckpointTextAsync(_p));

        IEnumerable<ReadOnlyMemory<byte>> Chunks()
        {
            string[] chunks = ["new", "newer", "newest"];
            for (int i = 0; i < chunks.Length; i++)
            {
                if (i == chunksWritten)
                {
                    left = _storage.PowerCut();
                }

                yield return Encoding.UTF8.GetBytes(chunks[i]);
            }
        }
    }

    [Fact]
    public async Task A_checkpoint_whose_source_fails_leaves_the_previous_whole()
    {
        Owner owner = await Owner.AcquireAsync(Journal, _p);
        await owner.CheckpointAsync(null, "good");
        await owner.AppendAsync("x");

        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
            await Journal.WriteCheckpointAsync(_p, owner.Epoch, owner.Tail, Chunks(), CancellationToken.None));
        Assert.Equal("r1: good", await Journal.CheckpointTextAsync(_p));

        static IEnumerable<ReadOnlyMemory<byte>> Chunks()
        {
            yield return "half"u8.ToArray();
            throw new InvalidOperationException("The source failed, as planned.");
        }
    }

    [Fact]
    public async Task Truncation_never_goes_above_the_checkpoint_nor_into_a_record()
    {
        Owner owner = await Owner.AcquireAsync(Journal, _p);
        await owner.AppendAsync("x");
        Assert.True(await owner.TruncateAsync(owner.Tail.Revision));
        Assert.Equal(2, (await Journal.RecordsAsync(_p)).Count);

        await owner.CheckpointAsync(null, "state");
        await owner.AppendAsync("y", count: 3);
        Assert.True(await owner.TruncateAsync(owner.Tail.Revision));
        Assert.Equal(["r3…r5 e1 y"], await Journal.LinesAsync(_p, from: 3));

        await owner.CheckpointAsync(null, "state");
        Assert.True(await owner.TruncateAsync(new Revision(4)));
        Assert.Equal(["r3…r5 e1 y"], await Journal.LinesAsync(_p, from: 3));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_partition_with_all_its_records_truncated_goes_on_at_its_tail(bool reopened)
    {
        Owner owner = await Owner.AcquireAsync(Journal, _p);
        JournalAppend last = await owner.AppendAsync("x", count: 9);
        await owner.CheckpointAsync(null, "state");
        Assert.True(await owner.TruncateAsync(owner.Tail.Revision));
        if (reopened)
        {
            Reopen();
        }

        owner = owner.On(Journal);
        Assert.Equal(AppendStatus.Durable, await owner.TryAsync(last));
        Assert.Equal(
            AppendStatus.Fenced, await owner.TryAsync(new(_p, owner.Epoch, JournalTail.Empty, 1, "bad"u8.ToArray())));
        Assert.Empty(await Journal.LinesAsync(_p, from: 11));
        await owner.AppendAsync("y");
        Owner next = await Owner.AcquireAsync(Journal, _p, "b");
        Assert.Equal(["r11 e1 y", "r12 e2 b"], await Journal.LinesAsync(_p, from: 11));
        Assert.Equal(new Epoch(2), next.Epoch);
    }

    [Fact]
    public async Task Truncating_one_partition_leaves_the_others_whole()
    {
        Owner[] owners = await Task.WhenAll(
            Enumerable.Range(1, 8).Select(i => Owner.AcquireAsync(Journal, new PartitionId((uint)i))));
        for (int round = 0; round < 20; round++)
        {
            await Task.WhenAll(owners.Select(o => o.AppendAsync($"{o.Partition} {round}")));
        }

        string[][] before = await Task.WhenAll(owners.Select(o => Journal.BytesAsync(o.Partition)));
        foreach (Owner owner in owners.Where(o => o.Partition.Value % 2 == 0))
        {
            await owner.CheckpointAsync(null, "state");
            Assert.True(await owner.TruncateAsync(owner.Tail.Revision));
            await owner.AppendAsync("after");
        }

        Reopen();
        foreach ((Owner owner, string[] records) in owners.Zip(before))
        {
            if (owner.Partition.Value % 2 == 0)
            {
                Assert.Equal(["r22 e1 after"], await Journal.LinesAsync(owner.Partition, from: 22));
            }
            else
            {
                Assert.Equal(records, await Journal.BytesAsync(owner.Partition));
            }
        }
    }

    [Fact]
    public async Task A_chunk_above_its_limit_ends_the_checkpoint_and_leaves_the_previous()
    {
        Owner owner = await Owner.AcquireAsync(Journal, _p);
        await owner.CheckpointAsync(null, "good");
        await owner.AppendAsync("x");

        await Assert.ThrowsAsync<ArgumentException>(
            () => owner.CheckpointAsync(null, "fits", new string('x', JournalLimits.ChunkBytesMax + 1)));
        Assert.Equal("r1: good", await Journal.CheckpointTextAsync(_p));
    }
}
