using System.Diagnostics;
using System.Runtime.CompilerServices;
using Grains.Journal;
using Grains.Journal.Memory;
using Grains.Silo.Loops;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grains.Silo.Tests.Partitions;

/// <summary>Partition loops over one memory disk, without Orleans; a crash is a new world on the same disk.</summary>
internal sealed class PartitionWorld
{
    public static readonly PartitionId P0 = new(0);
    public static readonly PartitionId P1 = new(1);
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(20);
    private readonly Dictionary<PartitionId, PartitionLoop> _loops = [];

    /// <param name="disk">What it stands on.</param>
    /// <param name="journal">Its faults.</param>
    /// <param name="options">Of its loops.</param>
    /// <param name="change">What else is different.</param>
    public PartitionWorld(
        MemoryDisk? disk = null,
        MemoryJournalOptions? journal = null,
        PartitionOptions? options = null,
        Func<PartitionRuntime, PartitionRuntime>? change = null)
    {
        Disk = disk ?? new MemoryDisk();
        Journal = new MemoryJournal(Disk, journal);
        var runtime = new PartitionRuntime
        {
            Journal = Journal,
            Server = "test",
            Logs = NullLoggerFactory.Instance,
            Options = options
                ?? new PartitionOptions { RepeatPauseMsMin = 1, TransferPauseMsMin = 1, TransferPauseMsMax = 5 },
            Transfer = async (target, command, cancel) =>
                await (_loops.TryGetValue(target, out PartitionLoop? loop)
                    ? loop.ExecuteAsync(command, cancel)
                    : Task.FromResult<Answer>(new NotOwner(false, "It is not open in this world."))),
        };
        Runtime = change?.Invoke(runtime) ?? runtime;
    }

    public MemoryDisk Disk { get; }

    public MemoryJournal Journal { get; }

    public PartitionRuntime Runtime { get; init; }

    public OwnedPartition? LastRecovered { get; private set; }

    public async Task<PartitionLoop> OpenAsync(PartitionId id)
    {
        RecoveryOutcome outcome = await PartitionRecovery.RunAsync(id, Runtime, 0, CancellationToken.None);
        LastRecovered = outcome.Owned;
        var loop = new PartitionLoop(outcome.Owned!, Runtime);
        loop.Start();
        _loops[id] = loop;
        return loop;
    }

    /// <summary>Another owner, somewhere else on the same disk.</summary>
    public async Task FenceAsync(PartitionId id) =>
        Assert.IsType<AcquireOutcome.Acquired>(
            await new MemoryJournal(Disk).AcquireAsync(id, "other", 0, 1, CancellationToken.None));

    public static PutKey Put(string key, string value) => new()
    {
        Keyspace = new KeyspaceId(1),
        Key = new Utf8Name(key),
        Value = new Utf8Name(value).Bytes,
    };

    public static GetKey Get(string key) => new() { Keyspace = new KeyspaceId(1), Key = new Utf8Name(key) };

    public static async Task<T> Answered<T>(Task<Answer> answer)
        where T : Answer
        => Assert.IsType<T>(await answer.WaitAsync(_deadline));

    public static Task<T> Answered<T>(PartitionLoop loop, Command command)
        where T : Answer
        => Answered<T>(loop.ExecuteAsync(command, CancellationToken.None));

    public static async Task<LoopEnd> Ended(PartitionLoop loop) => await loop.Completion.WaitAsync(_deadline);

    public static async Task Until(
        Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        long begun = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(begun) < _deadline, $"Not so in {_deadline.TotalSeconds} s: {what}");
            await Task.Delay(1);
        }
    }
}

/// <summary>Holds a step of the journal until told to go on.</summary>
internal sealed class Gate(MemoryStep step)
{
    private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when somebody stands at the gate.</summary>
    public Task Arrived => _arrived.Task.WaitAsync(TimeSpan.FromSeconds(20));

    public void Open() => _open.TrySetResult();

    public Task Pass(MemoryStep at, PartitionId partition)
    {
        if (at != step)
        {
            return Task.CompletedTask;
        }

        _arrived.TrySetResult();
        return _open.Task;
    }
}
