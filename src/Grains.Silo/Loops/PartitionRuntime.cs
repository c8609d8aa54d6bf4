using Grains.Journal;
using Grains.Silo.Budgets;
using Grains.Silo.Timers;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Outboxes;
using Grains.StateMachines.Timers;
using Microsoft.Extensions.Logging;

namespace Grains.Silo.Loops;

/// <summary>What every partition of a server shares: the way out of the loop, given to it through the door.</summary>
public sealed record PartitionRuntime
{
    public required IJournal Journal { get; init; }

    /// <summary>Runs the turns of all loops, where the journal can be led; null = each loop runs by itself.</summary>
    public PartitionEngine? Engine { get; init; }

    /// <summary>Names this server in epoch records.</summary>
    public required string Server { get; init; }

    public required ILoggerFactory Logs { get; init; }

    /// <summary>Carries outbox entries to the partition that they are for.</summary>
    public required Transfer Transfer { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public PartitionOptions Options { get; init; } = new();

    public MachineLimits Limits { get; init; } = new();

    /// <summary>Of all partitions of the process together.</summary>
    public DataBudget Data { get; init; } = DataBudget.Unlimited;

    /// <summary>Of all commands that wait in the process.</summary>
    public ByteShare Queues { get; init; } = new(long.MaxValue);

    /// <summary>When timers fire.</summary>
    public TimerSchedule Schedule { get; init; } = CronSchedule.Next;

    /// <summary>The level at which the cluster writes records now.</summary>
    public Func<int> FormatLevel { get; init; } = () => FormatLevels.Newest;

    /// <summary>What delivery ids are sealed with; null = they are not.</summary>
    public Func<byte[]?> DeliverySecret { get; init; } = () => null;

    /// <summary>Whether timers wait for a person.</summary>
    public Func<bool> IsPaused { get; init; } = () => false;

    /// <summary>Runs the encoding of checkpoints away from the loop: the only work that leaves it.</summary>
    public Func<Func<Task>, Task> Offload { get; init; } = Task.Run;

    /// <summary>Each class logs under its own name; asked for where something is said, which is seldom.</summary>
    internal ILogger LogOf<T>() => Logs.CreateLogger<T>();
}

/// <summary>
/// Hands entries to a partition; the answer is <see cref="TransferAccepted"/> once they are durable there.
/// </summary>
public delegate ValueTask<Answer> Transfer(PartitionId target, AcceptTransfer command, CancellationToken cancel);
