using System.Text;
using Grains.Journal.Memory;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Tests.Memory;

public sealed class MemoryFaultsTests
{
    private static readonly PartitionId _p = new(7);
    private readonly MemoryDisk _disk = new();
    private readonly MemoryFaults _faults = MemoryFaults.Planned();

    [Fact]
    public async Task A_lost_answer_hides_a_write_that_happened_and_the_repeat_finds_it()
    {
        Owner owner = await Owner.AcquireAsync(Open(), _p);
        _faults.Plan(MemoryStep.Append, MemoryFault.UnknownWritten);
        JournalAppend append = owner.Next("x");

        Assert.Equal(AppendStatus.Unknown, await owner.TryAsync(append));
        Assert.Equal(["r1 e1 a", "r2 e1 x"], await owner.Journal.LinesAsync(_p));
        Assert.Equal(AppendStatus.Durable, await owner.TryAsync(append));
        Assert.Equal(2, (await owner.Journal.RecordsAsync(_p)).Count);
    }

    [Fact]
    public async Task A_lost_write_leaves_nothing_and_the_repeat_writes_it()
    {
        Owner owner = await Owner.AcquireAsync(Open(), _p);
        _faults.Plan(MemoryStep.Append, MemoryFault.UnknownNotWritten);
        JournalAppend append = owner.Next("x");

        Assert.Equal(AppendStatus.Unknown, await owner.TryAsync(append));
        Assert.Single(await owner.Journal.RecordsAsync(_p));
        Assert.Equal(AppendStatus.Durable, await owner.TryAsync(append));
    }

    [Fact]
    public async Task A_late_write_lands_after_the_caller_gave_up()
    {
        Owner owner = await Owner.AcquireAsync(Open(), _p);
        _faults.Plan(MemoryStep.Append, MemoryFault.UnknownWrittenLater);

        Assert.Equal(AppendStatus.Unknown, await owner.TryAsync(owner.Next("late")));
        Assert.Single(await owner.Journal.RecordsAsync(_p));
        Assert.Equal(AppendStatus.Durable, _disk.LandOne());
        Assert.Equal(["r1 e1 a", "r2 e1 late"], await owner.Journal.LinesAsync(_p));
        Assert.Null(_disk.LandOne());
    }

    [Fact]
    public async Task A_late_write_lands_as_it_was_sent_though_its_caller_used_the_buffer_again()
    {
        Owner owner = await Owner.AcquireAsync(Open(), _p);
        _faults.Plan(MemoryStep.Append, MemoryFault.UnknownWrittenLater);
        byte[] buffer = "late"u8.ToArray();
        await owner.TryAsync(owner.Next(buffer));
        buffer.AsSpan().Fill((byte)'x');

        Assert.Equal(AppendStatus.Durable, _disk.LandOne());
        Assert.Equal(["r1 e1 a", "r2 e1 late"], await owner.Journal.LinesAsync(_p));
    }

    [Fact]
    public async Task A_late_write_is_fenced_once_a_newer_epoch_came()
    {
        Owner old = await Owner.AcquireAsync(Open(), _p, "old");
        _faults.Plan(MemoryStep.Append, MemoryFault.UnknownWrittenLater);
        await old.TryAsync(old.Next("late"));
        await Owner.AcquireAsync(Open(), _p, "new");

        Assert.Equal(AppendStatus.Fenced, _disk.LandOne());
        Assert.Equal(["r1 e1 old", "r2 e2 new"], await old.Journal.LinesAsync(_p));
    }

    [Fact]
    public async Task A_write_delivered_twice_counts_once()
    {
        Owner owner = await Owner.AcquireAsync(Open(), _p);
        _faults.Plan(MemoryStep.Append, MemoryFault.UnknownWrittenTwice);
        JournalAppend append = owner.Next("x");
        await owner.TryAsync(append);

        Assert.Equal(AppendStatus.Durable, await owner.TryAsync(append));
        Assert.Equal(AppendStatus.Durable, _disk.LandOne());
        Assert.Equal(["r1 e1 a", "r2 e1 x"], await owner.Journal.LinesAsync(_p));
    }

    [Fact]
    public async Task A_refused_append_leaves_nothing_and_names_its_reason()
    {
        Owner owner = await Owner.AcquireAsync(Open(), _p);
        _faults.Plan(MemoryStep.Append, MemoryFault.Refused, skip: 1);
        await owner.AppendAsync("x");

        Assert.Equal(AppendStatus.Refused, await owner.TryAsync(owner.Next("y")));
        await owner.AppendAsync("z");
        Assert.Equal(["r1 e1 a", "r2 e1 x", "r3 e1 z"], await owner.Journal.LinesAsync(_p));
    }

    [Fact]
    public async Task A_journal_that_cannot_open_a_partition_names_who_can()
    {
        MemoryJournal journal = new(_disk, new MemoryJournalOptions { Faults = _faults, Candidates = ["s2", "s3"] });
        _faults.Plan(MemoryStep.Acquire, MemoryFault.NotHere);

        AcquireOutcome outcome = await journal.AcquireAsync(_p, "a", 1, 0, CancellationToken.None);

        Assert.Equal(["s2", "s3"], Assert.IsType<AcquireOutcome.NotHere>(outcome).Candidates);
        Assert.Equal(new Epoch(1), (await Owner.AcquireAsync(journal, _p)).Epoch);
    }

    [Fact]
    public async Task A_candidate_paused_before_its_acquire_takes_the_tail_as_it_is_when_it_goes_on()
    {
        TaskCompletionSource paused = new();
        MemoryJournal slow = new(
            _disk,
            new MemoryJournalOptions
            {
                Pause = (step, _) => step == MemoryStep.Acquire ? paused.Task : Task.CompletedTask
            });
        Task<AcquireOutcome> acquiring = slow.AcquireAsync(_p, "slow", 1, 0, CancellationToken.None).AsTask();
        Owner other = await Owner.AcquireAsync(Open(), _p, "other");
        await other.AppendAsync("x");
        Assert.False(acquiring.IsCompleted);

        paused.SetResult();
        AcquireOutcome.Acquired got = Assert.IsType<AcquireOutcome.Acquired>(await acquiring);

        Assert.Equal((new Epoch(2), new Revision(3)), (got.Epoch, got.Tail.Revision));
        Assert.Equal(AppendStatus.Fenced, await other.TryAsync(other.Next("y")));
    }

    [Fact]
    public async Task Cancelling_a_slow_append_ends_the_waiting_and_not_the_append()
    {
        TaskCompletionSource goesOn = new();
        TaskCompletionSource written = new();
        int pauses = 0;
        MemoryJournal slow = new(_disk, new MemoryJournalOptions { Pause = Pause });
        Owner owner = await Owner.AcquireAsync(slow, _p);
        using CancellationTokenSource cancel = new();
        Task<AppendOutcome> waiting = slow.AppendAsync(owner.Next("x"), cancel.Token).AsTask();

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Single(await slow.RecordsAsync(_p));
        goesOn.SetResult();
        await written.Task.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(["r1 e1 a", "r2 e1 x"], await slow.LinesAsync(_p));

        Task Pause(MemoryStep step, PartitionId partition)
        {
            if (step != MemoryStep.Append)
            {
                return Task.CompletedTask;
            }

            if (++pauses == 1)
            {
                return goesOn.Task;
            }

            written.SetResult();
            return Task.CompletedTask;
        }
    }

    [Theory]
    [InlineData(MemoryStep.Acquire, MemoryFault.CrashBefore, "r1 e1 a,r2 e1 x,r3 e1 y", "r2: one")]
    [InlineData(MemoryStep.Acquire, MemoryFault.CrashAfter, "r1 e1 a,r2 e1 x,r3 e1 y,r4 e2 b", "r2: one")]
    [InlineData(MemoryStep.Append, MemoryFault.CrashBefore, "r1 e1 a,r2 e1 x,r3 e1 y,r4 e2 b", "r2: one")]
    [InlineData(MemoryStep.Append, MemoryFault.CrashAfter, "r1 e1 a,r2 e1 x,r3 e1 y,r4 e2 b,r5 e2 z", "r2: one")]
    [InlineData(MemoryStep.CheckpointChunk, MemoryFault.CrashBefore, "r1 e1 a,r2 e1 x,r3 e1 y,r4 e2 b,r5 e2 z", "r2: one")]
    [InlineData(MemoryStep.CheckpointChunk, MemoryFault.CrashAfter, "r1 e1 a,r2 e1 x,r3 e1 y,r4 e2 b,r5 e2 z", "r2: one")]
    [InlineData(MemoryStep.CheckpointPointer, MemoryFault.CrashBefore, "r1 e1 a,r2 e1 x,r3 e1 y,r4 e2 b,r5 e2 z", "r2: one")]
    [InlineData(MemoryStep.CheckpointPointer, MemoryFault.CrashAfter, "r1 e1 a,r2 e1 x,r3 e1 y,r4 e2 b,r5 e2 z", "r5: two|2")]
    [InlineData(MemoryStep.Truncate, MemoryFault.CrashBefore, "r1 e1 a,r2 e1 x,r3 e1 y,r4 e2 b,r5 e2 z", "r5: two|2")]
    [InlineData(MemoryStep.Truncate, MemoryFault.CrashAfter, "r4 e2 b,r5 e2 z", "r5: two|2")]
    public async Task A_crash_leaves_exactly_the_steps_that_were_durable(
        MemoryStep step, MemoryFault crash, string records, string checkpoint)
    {
        Owner first = await Owner.AcquireAsync(Open(), _p);
        await first.AppendAsync("x");
        await first.CheckpointAsync(null, "one");
        await first.AppendAsync("y");
        _faults.Plan(step, crash);
        MemoryJournal doomed = Open();

        await Assert.ThrowsAsync<MemoryCrashException>(async () =>
        {
            Owner owner = await Owner.AcquireAsync(doomed, _p, "b");
            await owner.AppendAsync("z");
            await owner.CheckpointAsync(null, "two", "2");
            await owner.TruncateAsync(new Revision(3));
        });

        Assert.True(doomed.HasCrashed);
        await Assert.ThrowsAsync<MemoryCrashException>(
            async () => await doomed.ConfirmAsync(_p, new Epoch(2), CancellationToken.None));
        MemoryJournal after = Open();
        int from = records.StartsWith("r4", StringComparison.Ordinal) ? 4 : 1;
        Assert.Equal(records, string.Join(',', await after.LinesAsync(_p, from)));
        Assert.Equal(checkpoint, await after.CheckpointTextAsync(_p));
        await (await Owner.AcquireAsync(after, _p, "c")).AppendAsync("goes on");
    }

    [Fact]
    public async Task A_torn_record_is_whole_or_was_never_there()
    {
        bool[] seen = [false, false];
        for (int seed = 0; seed < 2_000; seed++)
        {
            MemoryDisk disk = new();
            MemoryFaults faults = new(new Random(seed), new MemoryFaultRates { LateLanding = 0 });
            MemoryJournal journal = new(disk, new MemoryJournalOptions { Faults = faults });
            Owner owner = await Owner.AcquireAsync(journal, _p);
            await owner.AppendAsync("x");
            JournalAppend torn = owner.Next("torn");
            faults.Plan(MemoryStep.Append, MemoryFault.Torn);
            await Assert.ThrowsAsync<MemoryCrashException>(() => owner.TryAsync(torn));

            MemoryJournal after = new(disk);
            string lines = string.Join(',', await after.LinesAsync(_p));
            bool whole = lines == "r1 e1 a,r2 e1 x,r3 e1 torn";
            Assert.True(whole || lines == "r1 e1 a,r2 e1 x", $"Seed {seed} left {lines}.");
            seen[whole ? 1 : 0] = true;
            Assert.Equal(AppendStatus.Durable, await owner.On(after).TryAsync(torn));
        }

        Assert.Equal([true, true], seen);
    }

    [Fact]
    public async Task One_seed_gives_one_run()
    {
        Assert.Equal(await RunAsync(4_711), await RunAsync(4_711));
        Assert.NotEqual(await RunAsync(4_711), await RunAsync(4_712));
    }

    [Fact]
    public async Task Whatever_goes_wrong_no_answered_append_is_lost_and_none_is_there_twice()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            await RunAsync(seed);
        }
    }

    private MemoryJournal Open() => new(_disk, new MemoryJournalOptions { Faults = _faults });

    /// <summary>Owners come, write under faults, crash and are replaced; returns what happened.</summary>
    private static async Task<string> RunAsync(int seed)
    {
        Random random = new(seed);
        MemoryFaultRates rates = new()
        {
            UnknownWritten = 0.05,
            UnknownNotWritten = 0.05,
            UnknownWrittenLater = 0.05,
            UnknownWrittenTwice = 0.05,
            Refused = 0.05,
            NotHere = 0.1,
            CrashBefore = 0.02,
            CrashAfter = 0.02,
            Torn = 0.02,
        };
        MemoryDisk disk = new();
        MemoryFaults faults = new(random, rates);
        List<string> answered = [];
        StringBuilder history = new();
        for (int life = 0; life < 8; life++)
        {
            MemoryJournal journal = new(disk, new MemoryJournalOptions { Faults = faults });
            try
            {
                await LiveAsync(journal, life, answered, history);
            }
            catch (MemoryCrashException)
            {
                history.Append("crash ");
            }
        }

        while (disk.LandOne() is { } landed)
        {
            history.Append($"landed {landed} ");
        }

        string[] lines = await new MemoryJournal(disk).LinesAsync(_p);
        foreach (string payload in answered)
        {
            Assert.True(
                lines.Count(l => l.EndsWith($" {payload}", StringComparison.Ordinal)) == 1,
                $"{payload} was answered and is not there once; seed {seed}: {string.Join(", ", lines)}");
        }

        return history.AppendJoin(',', lines).ToString();
    }

    private static async Task LiveAsync(MemoryJournal journal, int life, List<string> answered, StringBuilder history)
    {
        AcquireOutcome outcome = await journal.AcquireAsync(_p, $"o{life}", 1, life, CancellationToken.None);
        if (outcome is not AcquireOutcome.Acquired got)
        {
            history.Append("elsewhere ");
            return;
        }

        Owner owner = new(journal, _p, got.Epoch, got.Tail);
        for (int i = 0; i < 10; i++)
        {
            string payload = $"{life}-{i}";
            JournalAppend append = owner.Next(payload);
            AppendStatus status = AppendStatus.Unknown;
            for (int attempt = 0; status == AppendStatus.Unknown && attempt < 5; attempt++)
            {
                status = await owner.TryAsync(append);
                history.Append($"{payload} {status} ");
            }

            if (status == AppendStatus.Durable)
            {
                answered.Add(payload);
                owner = new Owner(journal, _p, got.Epoch, append.Next);
            }
            else if (status != AppendStatus.Refused)
            {
                return;
            }
        }
    }
}
