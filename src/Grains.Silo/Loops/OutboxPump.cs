using System.Collections.Concurrent;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Outboxes;
using Grains.StateMachines.Partitions;

namespace Grains.Silo.Loops;

/// <summary>
/// Moves one partition's durable outbox entries to the partitions they are for: in order, one batch in flight per
/// target, each target for itself, so that one that is out of reach delays no other. A batch is carried, then cleared
/// by a command of the own partition; a crash in between repeats it, and the target skips what it has.
/// </summary>
/// <remarks>The machine is read in the loop's turns only; what a transfer comes to arrives through a queue.</remarks>
internal sealed partial class OutboxPump(PartitionId id, PartitionRuntime runtime, Action<Ticket> post, Action wake)
    : IDisposable
{
    private readonly Dictionary<PartitionId, Route> _routes = [];
    private readonly ConcurrentQueue<(Route Route, string? Trouble)> _ended = new();
    private readonly CancellationTokenSource _stop = new();
    private long _oldest;

    /// <summary>When a held-back target is to be tried again, in uptime.</summary>
    public long? WakeAtMs { get; private set; }

    /// <summary>How long the oldest batch that is on its way has been so. Any thread.</summary>
    public TimeSpan Lag =>
        Volatile.Read(ref _oldest) is > 0 and var oldest ? runtime.Time.GetElapsedTime(oldest) : TimeSpan.Zero;

    /// <summary>In a turn of the loop, with nothing undecided.</summary>
    public void Step(PartitionMachine machine, in Moment now)
    {
        Settle(now.UptimeMs);
        Carry(machine, now);
        long oldest = 0;
        foreach (Route route in _routes.Values)
        {
            oldest = route.BegunAt > 0 && (oldest == 0 || route.BegunAt < oldest) ? route.BegunAt : oldest;
        }

        Volatile.Write(ref _oldest, oldest);
    }

    private void Carry(PartitionMachine machine, in Moment now)
    {
        WakeAtMs = null;
        foreach (PartitionId target in machine.OutboxTargets)
        {
            if (!_routes.TryGetValue(target, out Route? route))
            {
                _routes[target] = route = new Route(target);
            }

            if (route.IsBusy)
            {
                continue;
            }

            if (route.NotBeforeMs > now.UptimeMs)
            {
                WakeAtMs = Math.Min(WakeAtMs ?? long.MaxValue, route.NotBeforeMs);
                continue;
            }

            OutboxEntry[] entries = machine.ReadOutbox(
                target, runtime.Options.TransferEntriesMax, runtime.Options.TransferBytesMax, now);
            if (entries.Length > 0)
            {
                route.IsBusy = true;
                route.BegunAt = route.BegunAt == 0 ? runtime.Time.GetTimestamp() : route.BegunAt;
                _ = CarryAsync(route, new AcceptTransfer
                {
                    Source = id,
                    SourceIncarnation = machine.Incarnation,
                    Entries = entries,
                });
            }
        }
    }

    public void Dispose() => _stop.Cancel();

    private async Task CarryAsync(Route route, AcceptTransfer transfer)
    {
        string trouble;
        try
        {
            Answer answer = await runtime.Transfer(route.Target, transfer, _stop.Token);
            if (answer is TransferAccepted accepted)
            {
                OutboxSequence last = transfer.Entries[^1].Sequence;
                OutboxSequence upTo = accepted.UpTo.CompareTo(last) < 0 ? accepted.UpTo : last;
                post(new Clearing(new ClearOutbox(route.Target, upTo), this, route));
                return;
            }

            trouble = answer.ToString();
        }
        catch (Exception e)
        {
            trouble = e.Message;
        }

        End(route, trouble);
    }

    private void End(Route route, string? trouble)
    {
        _ended.Enqueue((route, trouble));
        wake();
    }

    private void Settle(long nowMs)
    {
        while (_ended.TryDequeue(out (Route Route, string? Trouble) end))
        {
            end.Route.IsBusy = false;
            if (end.Trouble is null)
            {
                end.Route.Failures = 0;
                end.Route.BegunAt = 0;
                continue;
            }

            int doublings = Math.Min(end.Route.Failures++, 16);
            long pauseMs = Math.Min(
                (long)runtime.Options.TransferPauseMsMin << doublings, runtime.Options.TransferPauseMsMax);
            end.Route.NotBeforeMs = nowMs + pauseMs;
            if (!_stop.IsCancellationRequested)
            {
                LogHeldBack(Log, id, end.Route.Target, pauseMs, end.Trouble);
            }
        }
    }

    private sealed class Route(PartitionId target)
    {
        public PartitionId Target { get; } = target;

        public bool IsBusy { get; set; }

        public int Failures { get; set; }

        /// <summary>When its present batch was carried first; 0 = there is none.</summary>
        public long BegunAt { get; set; }

        public long NotBeforeMs { get; set; }
    }

    private sealed class Clearing(ClearOutbox command, OutboxPump pump, Route route) : Ticket(command)
    {
        public override void Complete(Answer answer) =>
            pump.End(route, answer is Refused or NotOwner ? answer.ToString() : null);
    }
}
