using System.Diagnostics;
using Grains.Journal.Folders;
using Grains.Journal.Log;
using Grains.Journal.Segments;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Tests.Segments;

public sealed class SegmentJournalTests : IDisposable
{
    private static readonly PartitionId _p = new(7);
    private readonly SegmentStorage _storage = new();

    public void Dispose() => _storage.Dispose();

    [Fact]
    public async Task A_second_opener_is_told_the_folder_the_pid_and_what_to_do()
    {
        await using IJournal first = _storage.Open();

        JournalUnavailableException e = Assert.Throws<JournalUnavailableException>(() => _storage.Open());
        Assert.Contains(_storage.Folder, e.Message);
        Assert.Contains($"pid {Environment.ProcessId}", e.Message);
        Assert.Contains("Stop that process", e.Message);
        await Owner.AcquireAsync(first, _p);
    }

    [SkippableFact]
    public async Task A_lock_held_by_another_process_ends_when_that_is_killed()
    {
        Skip.IfNot(OperatingSystem.IsLinux() && File.Exists("/usr/bin/flock"), "flock(1) is needed to hold the lock.");
        using Process other = Process.Start(new ProcessStartInfo(
            "/usr/bin/flock",
            ["--no-fork", Path.Combine(_storage.Folder, "LOCK"), "sh", "-c", "echo held; exec sleep 600"]) { RedirectStandardOutput = true })!;
        try
        {
            Assert.Equal("held", await other.StandardOutput.ReadLineAsync());
            Assert.Throws<JournalUnavailableException>(() => _storage.Open());
        }
        finally
        {
            other.Kill(entireProcessTree: true);
            await other.WaitForExitAsync();
        }

        await using IJournal journal = _storage.Open();
        await Owner.AcquireAsync(journal, _p);
    }

    [Fact]
    public void Options_are_refused_with_all_their_errors_at_once()
    {
        SegmentJournalOptions options = new() { Folder = " ", FlushBytesMax = 1, SegmentBytes = 5 };

        string message = Assert.Throws<ArgumentException>(() => SegmentJournal.Open(options)).Message;
        Assert.Contains("Folder", message);
        Assert.Contains("FlushBytesMax = \"1\": use 65536 to 67108864", message);
        Assert.Contains("SegmentBytes = \"5\": use 1048576 to 1073741824", message);
    }

    [Fact]
    public async Task The_durability_line_names_the_folder_and_is_loud_without_sync()
    {
        await using (IJournal safe = _storage.Open())
        {
            Assert.Equal($"segment log in {_storage.Folder}, fdatasync before every answer", safe.Durability);
        }

        await using IJournal lossy = _storage.Open(new() { Folder = _storage.Folder, Synchronous = false });
        Assert.Contains("WITHOUT FSYNC", lossy.Durability);
    }

    [Fact]
    public async Task Nothing_is_durable_when_the_sync_meets_a_failing_disk()
    {
        List<string> failures = [];
        bool fails = false;
        IJournal journal = _storage.Open(new()
        {
            Folder = _storage.Folder,
            OnSync = () => _ = fails ? throw new IOException("Input/output error", 5) : 0,
            OnDiskFailure = (message, _) => failures.Add(message),
        });
        Owner owner = await Owner.AcquireAsync(journal, _p);
        fails = true;

        Assert.Equal(AppendStatus.Unknown, await owner.TryAsync(owner.Next("x")));
        Assert.Equal(AppendStatus.Unknown, await owner.TryAsync(owner.Next("x")));
        await Assert.ThrowsAsync<JournalUnavailableException>(() => Owner.AcquireAsync(journal, _p));
        await journal.DisposeAsync();
        Assert.Contains(_storage.Folder, Assert.Single(failures));
    }

    [Fact]
    public async Task A_segment_taken_away_ends_the_process_before_the_answer()
    {
        List<string> failures = [];
        IJournal journal = _storage.Open(
            new() { Folder = _storage.Folder, OnDiskFailure = (message, _) => failures.Add(message) });
        Owner owner = await Owner.AcquireAsync(journal, _p);
        File.Move(_storage.Segments[0], _storage["gone"]);

        Assert.Equal(AppendStatus.Unknown, await owner.TryAsync(owner.Next("x")));
        await journal.DisposeAsync();
        Assert.Contains("segment-000000000001.log was removed", Assert.Single(failures));
    }

    [Fact]
    public async Task A_request_beyond_the_queue_is_refused_in_words()
    {
        using ManualResetEventSlim diskGoesOn = new(initialState: true);
        await using IJournal journal = _storage.Open(new()
        {
            Folder = _storage.Folder,
            QueuedRequestsMax = 1,
            OnSync = diskGoesOn.Wait,
        });
        List<Owner> owners = [];
        for (uint i = 0; i < 8; i++)
        {
            owners.Add(await Owner.AcquireAsync(journal, new PartitionId(i)));
        }

        diskGoesOn.Reset();

        // One is at the disk, one waits; which of them is which does not matter.
        List<Task<AppendOutcome>> appends =
        [
            .. owners.Select(o => journal.AppendAsync(o.Next("x"), CancellationToken.None).AsTask())
        ];
        List<Task<AppendOutcome>> refused = [.. appends.Where(a => a.IsCompleted)];
        diskGoesOn.Set();
        AppendOutcome[] outcomes = await Task.WhenAll(appends);

        Assert.InRange(refused.Count, 6, 7);
        Assert.Equal(refused.Count, outcomes.Count(o => o.Status == AppendStatus.Refused));
        Assert.Contains("QueuedRequestsMax", (await refused[0]).Reason);
    }

    [Fact]
    public async Task Appends_that_wait_together_become_one_row()
    {
        using ManualResetEventSlim diskGoesOn = new(initialState: true);
        int syncs = 0;
        await using IJournal journal = _storage.Open(new()
        {
            Folder = _storage.Folder,
            OnSync = () =>
            {
                diskGoesOn.Wait();
                syncs++;
            },
        });
        List<Owner> owners = [];
        for (uint i = 0; i < 20; i++)
        {
            owners.Add(await Owner.AcquireAsync(journal, new PartitionId(i)));
        }

        diskGoesOn.Reset();
        int before = syncs;
        List<Task<JournalAppend>> appends = [.. owners.Select(o => o.AppendAsync("x"))];
        diskGoesOn.Set();
        await Task.WhenAll(appends);
        Assert.InRange(syncs - before, 1, 2);
    }

    [Fact]
    public void Whoever_has_requests_ready_leads_a_flush_of_its_own()
    {
        SegmentJournalOptions options = new() { Folder = _storage.Folder };
        using var folder = DataFolder.Open(options.Folder, options.Files);
        JournalFolder.Open(folder);
        SegmentSet set = new();
        using SegmentKeeper keeper = new();
        SegmentStock stock = new(folder[SegmentNames.Folder], options.SegmentBytes);
        RowLedger ledger = new();
        int syncs = 0;
        SegmentLog log = new(set, stock, keeper, new NoteTable(), options with { OnSync = () => syncs++ });
        SegmentStart.Begin(log, folder, set, null);
        SegmentWriter writer = new(log, new SegmentUpkeep(ledger, set), keeper, options);
        AcquireRequest[] acquires =
        [
            .. Enumerable.Range(0, 9)
            .Select(i => new AcquireRequest(new PartitionLog(new PartitionId((uint)i)), "me", 1, 0))
        ];

        int before = syncs;
        writer.Flush([.. acquires]);

        Assert.Equal(1, syncs - before);
        Assert.All(acquires, a => Assert.True(a.WaitAsync(CancellationToken.None).AsTask().IsCompletedSuccessfully));
        writer.Close();
        set.All().ForEach(f => f.Dispose());
    }

    [Fact]
    public async Task After_closing_nothing_is_written()
    {
        IJournal journal = _storage.Open();
        Owner owner = await Owner.AcquireAsync(journal, _p);
        await journal.DisposeAsync();

        Assert.Equal(AppendStatus.Refused, await owner.TryAsync(owner.Next("x")));
        await using IJournal again = _storage.Open();
        Assert.Equal(["r1 e1 a"], await again.LinesAsync(_p));
    }

    [Fact]
    public async Task An_answer_runs_the_caller_on_a_thread_that_is_not_the_writers()
    {
        await using IJournal journal = _storage.Open();
        Owner owner = await Owner.AcquireAsync(journal, _p);

        string? thread = await journal.AppendAsync(owner.Next("x"), CancellationToken.None).AsTask().ContinueWith(
            _ => Thread.CurrentThread.Name,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);

        Assert.NotEqual("grains journal writer", thread);
    }

    [Theory]
    [InlineData("")]
    [InlineData("spare.log.new")]
    [InlineData("spare.log")]
    [InlineData("segment-000000000001.log.new")]
    public async Task A_first_start_that_ended_on_its_way_is_followed_by_one_that_goes_well(string left)
    {
        await _storage.Open().DisposeAsync();
        byte[] whole = await File.ReadAllBytesAsync(_storage.Segments[0]);
        File.Delete(_storage.Segments[0]);
        File.Delete(Path.Combine(_storage.Folder, "IDENTITY"));
        Directory.Delete(_storage["."]);
        MakeFolder();
        Directory.CreateDirectory(_storage["."]);
        if (left.Length > 0)
        {
            await File.WriteAllBytesAsync(_storage[left], whole[..(whole.Length / 2)]);
        }

        await using IJournal journal = _storage.Open();
        await Owner.AcquireAsync(journal, _p);
        Assert.Empty(Directory.GetFiles(_storage["."], "*.new"));
    }

    [Fact]
    public async Task Checkpoints_that_were_replaced_or_cut_off_leave_the_folder()
    {
        SegmentStorage? left = null;
        await using (IJournal journal = _storage.Open())
        {
            Owner owner = await Owner.AcquireAsync(journal, _p);
            for (int i = 0; i < 3; i++)
            {
                await owner.AppendAsync($"{i}");
                Assert.True(await owner.CheckpointAsync(null, "state", $"{i}"));
            }

            await owner.AppendAsync("last");
            await journal.WriteCheckpointAsync(_p, owner.Epoch, owner.Tail, Chunks(), CancellationToken.None);
        }

        Assert.Single(_storage.Checkpoints);
        using SegmentStorage after = left!;
        Assert.Contains(after.Checkpoints, c => c.EndsWith(".new", StringComparison.Ordinal));
        await using (IJournal journal = after.Open())
        {
            Assert.Equal("r4: state|2", await journal.CheckpointTextAsync(_p));
        }

        Assert.Single(after.Checkpoints);

        IEnumerable<ReadOnlyMemory<byte>> Chunks()
        {
            yield return "a"u8.ToArray();
            left = _storage.Copy();
            yield return "b"u8.ToArray();
        }
    }

    [SkippableFact]
    public async Task A_full_disk_refuses_in_words_writes_nothing_and_goes_on_when_there_is_room()
    {
        string folder = Path.Combine(_storage.Folder, "small");
        Directory.CreateDirectory(folder);
        Skip.IfNot(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Mounting a small disk needs root.");
        Skip.IfNot(
            Run("mount", "-t", "tmpfs", "-o", "size=12m", "grains-test", folder) == 0,
            "A tmpfs cannot be mounted here.");
        try
        {
            string ballast = Path.Combine(folder, "ballast");
            await File.WriteAllBytesAsync(ballast, new byte[5 << 20]);
            int written = 0;
            string payload = new('x', 100_000);
            Owner owner;
            JournalAppend next;
            await using (IJournal journal = SegmentJournal.Open(new SegmentJournalOptions { Folder = folder }))
            {
                owner = await Owner.AcquireAsync(journal, _p);
                AppendOutcome outcome;
                while (
                    (outcome = await journal.AppendAsync(next = owner.Next(payload), CancellationToken.None)).Status == AppendStatus.Durable)
                {
                    await owner.AppendAsync(payload);
                    Assert.InRange(++written, 1, 100);
                }

                Assert.Equal(AppendStatus.Refused, outcome.Status);
                Assert.Contains("is full", outcome.Reason);
                Assert.Contains(folder, outcome.Reason);
                Assert.Equal(written + 1, (await journal.RecordsAsync(_p)).Count);
                await Assert.ThrowsAsync<JournalUnavailableException>(
                    () => owner.CheckpointAsync(null, new string('s', 2 << 20), new string('s', 2 << 20)));
            }

            // The server starts on it all the same: there is room for its session in the segment, or none is begun.
            await using IJournal again = SegmentJournal.Open(new SegmentJournalOptions { Folder = folder });
            Assert.Equal(written + 1, (await again.RecordsAsync(_p)).Count);
            File.Delete(ballast);
            using CancellationTokenSource deadline = new(TimeSpan.FromSeconds(20));
            while (await owner.On(again).TryAsync(next) != AppendStatus.Durable)
            {
                deadline.Token.ThrowIfCancellationRequested();
                await Task.Yield();
            }

            Assert.Equal(written + 2, (await again.RecordsAsync(_p)).Count);
        }
        finally
        {
            Run("umount", folder);
        }
    }

    /// <summary>A folder that was made, and in which no journal was begun.</summary>
    private void MakeFolder() => DataFolder.Open(_storage.Folder, new FolderFiles([], "journal")).Dispose();

    private static int Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
