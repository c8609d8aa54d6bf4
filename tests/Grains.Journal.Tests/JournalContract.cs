using System.Text;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Tests;

/// <summary>What every journal keeps to. A new one is held to it by naming its storage.</summary>
public abstract partial class JournalContract : IAsyncLifetime
{
    private static readonly PartitionId _p = new(7);
    private readonly List<IJournal> _journals = [];
    private readonly List<IJournalStorage> _storages = [];
    private IJournalStorage _storage = null!;

    protected abstract IJournalStorage NewStorage();

    protected IJournal Journal { get; private set; } = null!;

    public Task InitializeAsync()
    {
        _storage = Keep(NewStorage());
        Journal = Open(_storage);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        foreach (IJournal journal in _journals)
        {
            await journal.DisposeAsync();
        }

        _storages.ForEach(storage => storage.Dispose());
    }

    [Fact]
    public async Task The_first_owner_gets_epoch_1_at_revision_1()
    {
        Owner owner = await Owner.AcquireAsync(Journal, _p, "first");

        Assert.Equal(new Epoch(1), owner.Epoch);
        Assert.Equal(["r1 e1 first"], await Journal.LinesAsync(_p));
        Assert.Equal(owner.Tail, (await Journal.RecordsAsync(_p))[^1].Tail);
    }

    [Fact]
    public async Task Each_acquire_raises_the_epoch_and_takes_the_revision_after_the_tail()
    {
        Owner a = await Owner.AcquireAsync(Journal, _p, "a");
        await a.AppendAsync("x", count: 3);
        Owner b = await Owner.AcquireAsync(Journal, _p, "b");

        Assert.Equal(new Epoch(2), b.Epoch);
        Assert.Equal(new Revision(5), b.Tail.Revision);
        Assert.Equal(["r1 e1 a", "r2…r4 e1 x", "r5 e2 b"], await Journal.LinesAsync(_p));
    }

    [Trait("Rule", "1")]
    [Fact]
    public async Task A_candidate_that_read_the_tail_long_ago_cannot_write_after_another_acquired()
    {
        Owner paused = await Owner.AcquireAsync(Journal, _p, "paused");
        JournalAppend late = paused.Next("late");
        Owner winner = await Owner.AcquireAsync(Journal, _p, "winner");

        Assert.Equal(AppendStatus.Fenced, await paused.TryAsync(late));
        await winner.AppendAsync("mine");
        Assert.Equal(AppendStatus.Fenced, await paused.TryAsync(late));
        Assert.Equal(["r1 e1 paused", "r2 e2 winner", "r3 e2 mine"], await Journal.LinesAsync(_p));
    }

    [Trait("Rule", "1")]
    [Fact]
    public async Task An_older_epoch_cannot_write_even_at_the_newest_tail()
    {
        Owner old = await Owner.AcquireAsync(Journal, _p);
        Owner now = await Owner.AcquireAsync(Journal, _p);
        JournalAppend forged = new(_p, old.Epoch, now.Tail, 1, "x"u8.ToArray());

        Assert.Equal(AppendStatus.Fenced, await old.TryAsync(forged));
        Assert.Equal(2, (await Journal.RecordsAsync(_p)).Count);
    }

    [Fact]
    public async Task An_epoch_that_was_never_acquired_writes_nothing()
    {
        Owner owner = await Owner.AcquireAsync(Journal, _p);
        JournalAppend forged = new(_p, owner.Epoch.Next, owner.Tail, 1, "x"u8.ToArray());

        Assert.Equal(AppendStatus.Fenced, await owner.TryAsync(forged));
        Assert.Single(await Journal.RecordsAsync(_p));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public async Task An_append_after_another_history_of_the_same_length_writes_nothing(int bit)
    {
        Owner owner = await Owner.AcquireAsync(Journal, _p);
        await owner.AppendAsync("x");
        JournalTail stray = owner.Tail with { Chain = owner.Tail.Chain ^ (UInt128.One << bit) };
        JournalAppend append = new(_p, owner.Epoch, stray, 1, "y"u8.ToArray());

        Assert.Equal(AppendStatus.Fenced, await owner.TryAsync(append));
        Assert.Equal(["r1 e1 a", "r2 e1 x"], await Journal.LinesAsync(_p));
        await owner.AppendAsync("y");
        Assert.Equal(AppendStatus.Fenced, await owner.TryAsync(append));
        Assert.Equal(["r1 e1 a", "r2 e1 x", "r3 e1 y"], await Journal.LinesAsync(_p));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_partition_that_nobody_acquired_takes_nothing_and_confirms_nothing(long epoch)
    {
        Assert.Empty(await Journal.RecordsAsync(_p));
        Owner nobody = new(Journal, _p, new Epoch(epoch), JournalTail.Empty);

        Assert.Equal(AppendStatus.Fenced, await nobody.TryAsync(nobody.Next("x")));
        Assert.False(await nobody.ConfirmAsync());
        Assert.False(await nobody.CheckpointAsync(null, "state"));
        Assert.False(await nobody.TruncateAsync(Revision.None));
        Assert.Empty(await Journal.RecordsAsync(_p));
        Assert.Null(await Journal.CheckpointTextAsync(_p));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stale_owner_is_fenced_after_takeover_checkpoint_and_truncation(bool reopened)
    {
        Owner stale = await Owner.AcquireAsync(Journal, _p, "stale");
        await stale.AppendAsync("x");
        JournalAppend late = stale.Next("late");
        Owner owner = await Owner.AcquireAsync(Journal, _p, "owner");
        await owner.AppendAsync("y");
        Assert.True(await owner.CheckpointAsync(null, "state"));
        Assert.True(await owner.TruncateAsync(owner.Tail.Revision));
        if (reopened)
        {
            Reopen();
        }

        stale = stale.On(Journal);
        owner = owner.On(Journal);
        Assert.Equal(AppendStatus.Fenced, await stale.TryAsync(late));
        Assert.Equal(AppendStatus.Fenced, await stale.TryAsync(new(_p, stale.Epoch, owner.Tail, 1, late.Payload)));
        Assert.False(await stale.ConfirmAsync());
        Assert.True(await owner.ConfirmAsync());
        await owner.AppendAsync("z");
        Assert.Equal(["r5 e2 z"], await Journal.LinesAsync(_p, from: 5));
    }

    [Fact]
    public async Task An_identical_append_repeated_is_durable_and_written_once()
    {
        Owner owner = await Owner.AcquireAsync(Journal, _p);
        JournalAppend first = await owner.AppendAsync("x", count: 2);

        Assert.Equal(AppendStatus.Durable, await owner.TryAsync(first));
        await owner.AppendAsync("y");
        Assert.Equal(AppendStatus.Durable, await owner.TryAsync(first with { }));
        Assert.Equal(["r1 e1 a", "r2…r3 e1 x", "r4 e1 y"], await Journal.LinesAsync(_p));
    }

    [Fact]
    public async Task An_append_repeated_after_a_takeover_tells_whether_it_became_durable()
    {
        Owner old = await Owner.AcquireAsync(Journal, _p);
        JournalAppend written = await old.AppendAsync("x");
        JournalAppend unwritten = old.Next("y");
        await Owner.AcquireAsync(Journal, _p, "b");

        Assert.Equal(AppendStatus.Durable, await old.TryAsync(written));
        Assert.Equal(AppendStatus.Fenced, await old.TryAsync(unwritten));
    }

    [Fact]
    public async Task An_append_without_its_predecessor_is_not_written()
    {
        Owner owner = await Owner.AcquireAsync(Journal, _p);
        JournalAppend lost = owner.Next("lost");
        JournalAppend next = new(_p, owner.Epoch, lost.Next, 1, "next"u8.ToArray());

        Assert.Equal(AppendStatus.Fenced, await owner.TryAsync(next));
        Assert.Equal(["r1 e1 a"], await Journal.LinesAsync(_p));
    }

    [Fact]
    public async Task Another_payload_at_the_same_revision_is_fenced()
    {
        Owner owner = await Owner.AcquireAsync(Journal, _p);
        JournalAppend other = owner.Next("other");
        await owner.AppendAsync("x");

        Assert.Equal(AppendStatus.Fenced, await owner.TryAsync(other));
        Assert.Equal(["r1 e1 a", "r2 e1 x"], await Journal.LinesAsync(_p));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_older_membership_view_cannot_acquire(bool reopened)
    {
        Owner owner = await Owner.AcquireAsync(Journal, _p, membershipVersion: 5);
        if (reopened)
        {
            Reopen();
        }

        AcquireOutcome outcome = await Journal.AcquireAsync(_p, "b", 4, 0, CancellationToken.None);

        Assert.Equal(new AcquireOutcome.OutdatedView(5), outcome);
        Assert.True(await owner.On(Journal).ConfirmAsync());
        await Owner.AcquireAsync(Journal, _p, "b", membershipVersion: 5);
    }

    [Fact]
    public async Task A_read_starts_at_a_record_and_ends_at_the_tail()
    {
        Owner owner = await Owner.AcquireAsync(Journal, _p);
        await owner.AppendAsync("x", count: 3);
        await owner.AppendAsync("y");

        Assert.Equal(["r2…r4 e1 x", "r5 e1 y"], await Journal.LinesAsync(_p, from: 2));
        Assert.Equal(["r5 e1 y"], await Journal.LinesAsync(_p, from: 5));
        Assert.Empty(await Journal.LinesAsync(_p, from: 6));
        await Assert.ThrowsAsync<ArgumentException>(() => Journal.LinesAsync(_p, from: 3));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Journal.LinesAsync(_p, from: 7));
    }

    [Fact]
    public async Task A_read_of_many_records_skips_none()
    {
        Owner owner = await Owner.AcquireAsync(Journal, _p);
        for (int i = 0; i < 700; i++)
        {
            await owner.AppendAsync($"{i}", count: 1 + (i % 3));
        }

        List<JournalRecord> records = await Journal.RecordsAsync(_p);

        Assert.Equal(701, records.Count);
        Assert.Equal(
            Enumerable.Range(0, 700).Select(i => $"{i}"),
            records.Skip(1).Select(r => Encoding.UTF8.GetString(r.Payload.Span)));
        Assert.All(records.Zip(records.Skip(1)), pair => Assert.Equal(pair.First.Last.Next, pair.Second.First));
        Assert.Equal(owner.Tail, records[^1].Tail);
    }

    [Fact]
    public async Task A_read_below_what_is_kept_says_where_the_oldest_record_begins()
    {
        Owner owner = await Owner.AcquireAsync(Journal, _p);
        await owner.AppendAsync("x", count: 2);
        await owner.AppendAsync("y");
        await owner.CheckpointAsync(null, "state");
        Assert.True(await owner.TruncateAsync(new Revision(3)));

        JournalTruncatedException e = await Assert.ThrowsAsync<JournalTruncatedException>(() => Journal.LinesAsync(_p));
        Assert.Equal(new Revision(4), e.Oldest);
        Assert.Equal(["r4 e1 y"], await Journal.LinesAsync(_p, from: 4));
    }

    [Fact]
    public async Task Confirm_is_true_for_the_newest_epoch_only()
    {
        Owner old = await Owner.AcquireAsync(Journal, _p);
        Assert.True(await old.ConfirmAsync());

        Owner now = await Owner.AcquireAsync(Journal, _p);
        Assert.False(await old.ConfirmAsync());
        Assert.True(await now.ConfirmAsync());
        Assert.False(await Journal.ConfirmAsync(_p, now.Epoch.Next, CancellationToken.None));
    }

    [Fact]
    public async Task Confirm_is_true_while_ones_own_append_is_in_flight()
    {
        Owner owner = await Owner.AcquireAsync(Journal, _p);
        for (int i = 0; i < 50; i++)
        {
            Task<JournalAppend> inFlight = owner.AppendAsync($"{i}");
            Assert.True(await owner.ConfirmAsync());
            await inFlight;
        }
    }

    [Fact]
    public async Task Many_partitions_append_at_once_and_keep_their_own_order()
    {
        string[][] lines = await Task.WhenAll(Enumerable.Range(0, 64).Select(n => Task.Run(async () =>
        {
            PartitionId partition = new((uint)n);
            Owner owner = await Owner.AcquireAsync(Journal, partition);
            for (int i = 0; i < 40; i++)
            {
                await owner.AppendAsync($"{partition}:{i}");
            }

            return await Journal.LinesAsync(partition, from: 2);
        })));

        for (int n = 0; n < lines.Length; n++)
        {
            Assert.Equal(Enumerable.Range(0, 40).Select(i => $"r{i + 2} e1 p{n}:{i}"), lines[n]);
        }
    }

    [Fact]
    public async Task Candidates_that_race_get_epochs_of_their_own_and_one_of_them_writes()
    {
        Owner[] racers = await Task.WhenAll(
            Enumerable.Range(0, 16).Select(i => Task.Run(() => Owner.AcquireAsync(Journal, _p, $"{i}"))));

        Assert.Equal(Enumerable.Range(1, 16).Select(e => new Epoch(e)), racers.Select(r => r.Epoch).Order());
        AppendStatus[] outcomes = await Task.WhenAll(racers.Select(r => r.TryAsync(r.Next("x"))));
        Assert.Single(outcomes, AppendStatus.Durable);
        Assert.Equal(15, outcomes.Count(o => o == AppendStatus.Fenced));
    }

    [Fact]
    public async Task Cancelling_ends_the_waiting_and_not_the_append()
    {
        Owner owner = await Owner.AcquireAsync(Journal, _p);
        JournalAppend append = owner.Next("x");
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();

        Task<AppendOutcome> waiting = Journal.AppendAsync(append, cancelled.Token).AsTask();
        try
        {
            Assert.Equal(AppendStatus.Durable, (await waiting).Status);
        }
        catch (OperationCanceledException)
        {
            // The journal had not answered yet; what it does with the append is seen next.
        }

        Assert.Equal(AppendStatus.Durable, await owner.TryAsync(append));
        Assert.Equal(["r1 e1 a", "r2 e1 x"], await Journal.LinesAsync(_p));
    }

    [Fact]
    public async Task A_power_cut_keeps_everything_that_was_answered_byte_for_byte()
    {
        const int seed = 20_817;
        Random random = new(seed);
        List<Owner> owners = [];
        for (uint n = 1; n <= 5; n++)
        {
            owners.Add(await Owner.AcquireAsync(Journal, new PartitionId(n), $"o{n}"));
        }

        for (int i = 0; i < 200; i++)
        {
            int at = random.Next(owners.Count);
            if (random.Next(20) == 0)
            {
                owners[at] = await Owner.AcquireAsync(Journal, owners[at].Partition, $"again{i}");
            }

            await owners[at].AppendAsync(new string('x', random.Next(2_000)), random.Next(1, 5));
        }

        IJournal after = Open(Keep(_storage.PowerCut()));
        foreach (Owner owner in owners)
        {
            string[] expected = await Journal.BytesAsync(owner.Partition);
            Assert.True(
                expected.AsEnumerable().SequenceEqual(await after.BytesAsync(owner.Partition)),
                $"Partition {owner.Partition} differs after the power cut; seed {seed}.");
            await owner.On(after).AppendAsync("goes on");
        }
    }

    [Fact]
    public async Task An_empty_payload_is_a_record_like_any_other()
    {
        Owner owner = await Owner.AcquireAsync(Journal, _p);
        await owner.AppendAsync("", count: 2);
        Reopen();

        Assert.Equal(["r1 e1 a", "r2…r3 e1 "], await Journal.LinesAsync(_p));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, (16 << 20) + 1)]
    public async Task An_append_outside_its_limits_is_refused_and_changes_nothing(int count, int bytes)
    {
        Owner owner = await Owner.AcquireAsync(Journal, _p);

        Assert.Equal(AppendStatus.Refused, await owner.TryAsync(owner.Next(new byte[bytes], count)));
        await owner.AppendAsync("x");
        Assert.Equal(["r1 e1 a", "r2 e1 x"], await Journal.LinesAsync(_p));
    }

    [Trait("Rule", "12")]
    [Fact]
    public async Task A_damaged_record_is_named_and_everything_else_stays_readable()
    {
        Owner whole = await Owner.AcquireAsync(Journal, new PartitionId(1));
        Owner hurt = await Owner.AcquireAsync(Journal, _p);
        await whole.AppendAsync("a part of another partition");
        await hurt.AppendAsync("before");
        await hurt.AppendAsync("these bytes will be damaged");
        await hurt.AppendAsync("behind");

        await CloseAsync();
        _storage.Damage("these bytes will be damaged"u8.ToArray());
        Reopen();

        JournalDamagedException e = await Assert.ThrowsAsync<JournalDamagedException>(() => Journal.LinesAsync(_p));
        Assert.Equal(_p, e.Partition);
        Assert.Equal(new Revision(3), e.Revision);
        Assert.Contains("CRC", e.Message);
        Assert.Equal(["r4 e1 behind"], await Journal.LinesAsync(_p, from: 4));
        Assert.Equal(2, (await Journal.LinesAsync(whole.Partition)).Length);
        await hurt.On(Journal).AppendAsync("goes on");
    }

    private IJournalStorage Keep(IJournalStorage storage)
    {
        _storages.Add(storage);
        return storage;
    }

    private IJournal Open(IJournalStorage storage)
    {
        IJournal journal = storage.Open();
        _journals.Add(journal);
        return journal;
    }

    private async Task CloseAsync()
    {
        await Journal.DisposeAsync();
        _journals.Remove(Journal);
    }

    /// <summary>The journal goes down without a word and comes up again on what it left.</summary>
    private void Reopen()
    {
        _storage = Keep(_storage.PowerCut());
        Journal = Open(_storage);
    }
}
