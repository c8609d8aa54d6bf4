using System.Diagnostics;
using Grains.Journal.Sqlite;
using Grains.StateMachines.Ids;
using SQLitePCL;

namespace Grains.Journal.Tests.Sqlite;

public sealed class SqliteJournalTests : IDisposable
{
    private static readonly PartitionId _p = new(7);
    private readonly SqliteStorage _storage = new();

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

    [Fact]
    public async Task A_lock_file_left_behind_blocks_nobody()
    {
        File.WriteAllText(Path.Combine(_storage.Folder, "LOCK"), "pid 1, since long ago");

        await using IJournal journal = _storage.Open();
        await Owner.AcquireAsync(journal, _p);
    }

    [SkippableFact]
    public async Task A_lock_held_by_another_process_ends_when_that_is_killed()
    {
        Skip.IfNot(OperatingSystem.IsLinux() && File.Exists("/usr/bin/flock"), "flock(1) is needed to hold the lock.");
        string path = Path.Combine(_storage.Folder, "LOCK");
        using Process other = Process.Start(new ProcessStartInfo(
            "/usr/bin/flock", ["--no-fork", path, "sh", "-c", "echo held; exec sleep 600"])
        {
            RedirectStandardOutput = true,
        })!;
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
        SqliteJournalOptions options = new() { Folder = " ", FlushBytesMax = 1, WalBytesMax = 5 };

        string message = Assert.Throws<ArgumentException>(() => SqliteJournal.Open(options)).Message;
        Assert.Contains("Folder", message);
        Assert.Contains("FlushBytesMax = \"1\": use 65536 to 67108864", message);
        Assert.Contains("WalBytesMax = \"5\"", message);
    }

    [Fact]
    public async Task The_durability_line_names_the_folder_and_is_loud_without_fsync()
    {
        await using (IJournal safe = _storage.Open())
        {
            Assert.Equal($"SQLite in {_storage.Folder}, fsync before every answer", safe.Durability);
        }

        await using IJournal lossy = _storage.Open(new() { Folder = _storage.Folder, Synchronous = false });
        Assert.Contains("WITHOUT FSYNC", lossy.Durability);
    }

    [Fact]
    public async Task A_folder_of_a_later_format_is_left_alone()
    {
        await _storage.Open().DisposeAsync();
        Tamper("PRAGMA user_version = 9");

        string message = Assert.Throws<JournalUnavailableException>(() => _storage.Open()).Message;
        Assert.Contains("format 9", message);
        Assert.Contains(_storage.Folder, message);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_in_words()
    {
        await File.WriteAllTextAsync(_storage.Database, new string('x', 10_000));

        string message = Assert.Throws<JournalUnavailableException>(() => _storage.Open()).Message;
        Assert.Contains("cannot be opened", message);
        Assert.Contains("backup", message);
    }

    [Fact]
    public async Task A_lost_row_is_damage_at_the_revision_it_held()
    {
        await WriteAsync(_p, "x", "lost", "y");
        Tamper("DELETE FROM flush WHERE id = 3");

        await using IJournal journal = _storage.Open();
        JournalDamagedException e = await Assert.ThrowsAsync<JournalDamagedException>(() => journal.LinesAsync(_p));
        Assert.Equal(new Revision(3), e.Revision);
        Assert.Equal(["r4 e1 y"], await journal.LinesAsync(_p, from: 4));
    }

    [Fact]
    public async Task A_damaged_directory_names_every_partition_that_may_have_lost_something()
    {
        PartitionId idle = new(1);
        PartitionId continued = new(2);
        await WriteAsync(idle, "idle");
        await WriteAsync(_p, "x", "y");
        await WriteAsync(continued, "z");
        await using (IJournal journal = _storage.Open())
        {
            Owner owner = await Owner.AcquireAsync(journal, continued, "b");
            await owner.AppendAsync("after");
        }

        // Row 5 holds r3 of p7, its newest record.
        Tamper("UPDATE flush SET body = substr(body, 1, 20) || x'ff' || substr(body, 22) WHERE id = 5");

        await using IJournal damaged = _storage.Open();
        Assert.Equal(4, (await damaged.LinesAsync(continued)).Length);
        foreach (PartitionId partition in new[] { _p, idle })
        {
            JournalDamagedException e = await Assert.ThrowsAsync<JournalDamagedException>(
                () => damaged.LinesAsync(partition));
            Assert.Equal(new Revision(3), e.Revision);
            Assert.Contains("flush row 5", e.Message);
            await Assert.ThrowsAsync<JournalDamagedException>(
                async () => await damaged.AcquireAsync(partition, "b", 1, 0, CancellationToken.None));
        }
    }

    [Fact]
    public async Task A_lost_newest_epoch_record_is_noticed()
    {
        await WriteAsync(_p, "x");
        await WriteAsync(_p);
        Tamper("DELETE FROM flush WHERE id = 3");

        await using IJournal journal = _storage.Open();
        JournalDamagedException e = await Assert.ThrowsAsync<JournalDamagedException>(() => journal.LinesAsync(_p));
        Assert.Equal(new Revision(3), e.Revision);
        Assert.Contains("newest epoch record", e.Message);
    }

    [Theory]
    [InlineData("checkpoint")]
    [InlineData("forgotten")]
    [InlineData("epoch")]
    public async Task A_damaged_row_about_one_partition_stops_that_partition_only(string table)
    {
        await WriteAsync(new PartitionId(1), "whole");
        await using (IJournal journal = _storage.Open())
        {
            Owner owner = await Owner.AcquireAsync(journal, _p);
            await owner.CheckpointAsync(null, "state");
            await owner.TruncateAsync(owner.Tail.Revision);
        }

        Tamper($"UPDATE {table} SET body = substr(body, 1, 12) || x'ee' || substr(body, 14) WHERE partition = 7");

        await using IJournal damaged = _storage.Open();
        await Assert.ThrowsAsync<JournalDamagedException>(
            async () => await damaged.AcquireAsync(_p, "b", 1, 0, CancellationToken.None));
        Assert.Equal(2, (await damaged.LinesAsync(new PartitionId(1))).Length);
    }

    [Fact]
    public async Task A_damaged_chunk_is_named_when_it_is_read()
    {
        await using (IJournal journal = _storage.Open())
        {
            Owner owner = await Owner.AcquireAsync(journal, _p);
            await owner.CheckpointAsync(null, "one", "two");
        }

        Tamper("UPDATE checkpoint_chunk SET body = substr(body, 1, 8) || 'tvo' WHERE id & 0xfffff = 1");

        await using IJournal damaged = _storage.Open();
        JournalDamagedException e = await Assert.ThrowsAsync<JournalDamagedException>(
            () => damaged.CheckpointTextAsync(_p));
        Assert.Contains("chunk 1", e.Message);
    }

    [Fact]
    public async Task Chunks_of_a_checkpoint_that_a_crash_cut_off_are_gone_after_the_next_start()
    {
        IJournalStorage? left = null;
        await using (IJournal journal = _storage.Open())
        {
            Owner owner = await Owner.AcquireAsync(journal, _p);
            await journal.WriteCheckpointAsync(_p, owner.Epoch, owner.Tail, Chunks(), CancellationToken.None);
        }

        using SqliteStorage after = (SqliteStorage)left!;
        await after.Open().DisposeAsync();
        Assert.Equal(0, Count(after, "checkpoint_chunk"));
        Assert.Equal(2, Count(_storage, "checkpoint_chunk"));

        IEnumerable<ReadOnlyMemory<byte>> Chunks()
        {
            yield return "a"u8.ToArray();
            left = _storage.PowerCut();
            Assert.Equal(1, Count((SqliteStorage)left, "checkpoint_chunk"));
            yield return "b"u8.ToArray();
        }
    }

    [Fact]
    public async Task Replaced_checkpoints_and_forgotten_rows_leave_the_file_and_epochs_stay()
    {
        await using (IJournal journal = _storage.Open())
        {
            for (int i = 0; i < 5; i++)
            {
                Owner owner = await Owner.AcquireAsync(journal, _p);
                await owner.AppendAsync(new string('x', 5_000));
                await owner.CheckpointAsync(null, "state", $"{i}");
                Assert.True(await owner.TruncateAsync(owner.Tail.Revision));
            }
        }

        Assert.Equal(0, Count(_storage, "flush"));
        Assert.Equal(2, Count(_storage, "checkpoint_chunk"));
        Assert.Equal(5, Count(_storage, "epoch"));
    }

    [Fact]
    public async Task The_WAL_stays_bounded_while_writes_never_pause()
    {
        const long walBytesMax = 1 << 20;
        const int appends = 3_000;
        long largest = 0;
        await using (
            IJournal journal = _storage.Open(
                new() { Folder = _storage.Folder, WalBytesMax = walBytesMax, Synchronous = false }))
        {
            await Task.WhenAll(Enumerable.Range(0, 4).Select(n => Task.Run(async () =>
            {
                Owner owner = await Owner.AcquireAsync(journal, new PartitionId((uint)n));
                string payload = new((char)('a' + n), 8_000);
                for (int i = 0; i < appends; i++)
                {
                    await owner.AppendAsync(payload);
                    if (i % 50 == 0)
                    {
                        await journal.RecordsAsync(owner.Partition, owner.Tail.Revision.Value);
                        InterlockedMax(ref largest, new FileInfo(_storage.Database + "-wal").Length);
                    }
                }
            })));
        }

        long written = 4L * appends * 8_000;
        Assert.True(
            largest < written / 4,
            $"The WAL grew to {largest:n0} bytes for {written:n0} bytes written; its bound is {walBytesMax:n0}.");
    }

    [Fact]
    public async Task Nothing_is_durable_when_the_commit_meets_a_failing_disk()
    {
        List<string> failures = [];
        bool fails = false;
        IJournal journal = _storage.Open(new()
        {
            Folder = _storage.Folder,
            CommitResult = code => fails ? raw.SQLITE_IOERR_FSYNC : code,
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
    public async Task A_request_beyond_the_queue_is_refused_in_words()
    {
        using ManualResetEventSlim diskGoesOn = new(initialState: true);
        await using IJournal journal = _storage.Open(new()
        {
            Folder = _storage.Folder,
            QueuedRequestsMax = 1,
            CommitResult = code =>
            {
                diskGoesOn.Wait();
                return code;
            },
        });
        Owner[] owners = [.. await AcquireOneByOneAsync(journal, 8)];
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

    [SkippableFact]
    public async Task A_full_disk_refuses_in_words_writes_nothing_and_goes_on_when_there_is_room()
    {
        string folder = Path.Combine(_storage.Folder, "small");
        Directory.CreateDirectory(folder);
        Skip.IfNot(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Mounting a small disk needs root.");
        Skip.IfNot(
            Run("mount", "-t", "tmpfs", "-o", "size=8m", "grains-test", folder) == 0,
            "A tmpfs cannot be mounted here.");
        try
        {
            string ballast = Path.Combine(folder, "ballast");
            await File.WriteAllBytesAsync(ballast, new byte[5 << 20]);
            await using IJournal journal = SqliteJournal.Open(new SqliteJournalOptions { Folder = folder });
            Owner owner = await Owner.AcquireAsync(journal, _p);
            string payload = new('x', 100_000);
            AppendOutcome outcome = AppendOutcome.Durable;
            int written = 0;
            while (outcome.Status == AppendStatus.Durable && written < 100)
            {
                outcome = await journal.AppendAsync(owner.Next(payload), CancellationToken.None);
                if (outcome.Status == AppendStatus.Durable)
                {
                    await owner.AppendAsync(payload);
                    written++;
                }
            }

            Assert.Equal(AppendStatus.Refused, outcome.Status);
            Assert.Contains("is full", outcome.Reason);
            Assert.Contains(folder, outcome.Reason);
            Assert.Equal(written + 1, (await journal.RecordsAsync(_p)).Count);

            // The room is that of the WAL and more: some of it goes to the WAL on its way into the database file.
            File.Delete(ballast);
            JournalAppend next = owner.Next(payload);
            using CancellationTokenSource deadline = new(TimeSpan.FromSeconds(20));
            while (await owner.TryAsync(next) != AppendStatus.Durable)
            {
                deadline.Token.ThrowIfCancellationRequested();
                await Task.Yield();
            }

            Assert.Equal(written + 2, (await journal.RecordsAsync(_p)).Count);
        }
        finally
        {
            Run("umount", folder);
        }
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

    private static void InterlockedMax(ref long to, long value)
    {
        for (long seen = Volatile.Read(ref to); value > seen; seen = Volatile.Read(ref to))
        {
            Interlocked.CompareExchange(ref to, value, seen);
        }
    }

    private static long Count(SqliteStorage storage, string table)
    {
        using SqliteDatabase database = new(storage.Database);
        return database.Scalar($"SELECT count(*) FROM {table}");
    }

    private static int Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }

    private async Task WriteAsync(PartitionId partition, params string[] payloads)
    {
        await using IJournal journal = _storage.Open();
        Owner owner = await Owner.AcquireAsync(journal, partition);
        foreach (string payload in payloads)
        {
            await owner.AppendAsync(payload);
        }
    }

    private static async Task<List<Owner>> AcquireOneByOneAsync(IJournal journal, int partitions)
    {
        List<Owner> owners = [];
        for (uint i = 0; i < partitions; i++)
        {
            owners.Add(await Owner.AcquireAsync(journal, new PartitionId(i)));
        }

        return owners;
    }

    private void Tamper(string sql)
    {
        using SqliteDatabase database = new(_storage.Database);
        database.Execute(sql);
    }
}
