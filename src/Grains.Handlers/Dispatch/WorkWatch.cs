using System.Collections.Immutable;
using Grains.Silo.Loops;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;

namespace Grains.Handlers.Dispatch;

/// <summary>
/// Asks every partition that this server owns, with one question for all services that it runs, which of them have
/// something. After an answer that was lost everything is looked at again, so nothing that waits is missed.
/// </summary>
internal sealed class WorkWatch : IDisposable
{
    private const int _waitMs = 60_000;

    private static readonly TimeSpan _pauseAfterTrouble = TimeSpan.FromMilliseconds(250);

    private readonly LocalPartitions _local;
    private readonly TimeProvider _time;
    private readonly Action<ServiceId, PartitionId> _found;
    private readonly Lock _lock = new();
    private readonly Dictionary<PartitionId, (PartitionLoop Loop, CancellationTokenSource Stop)> _watched = [];
    private readonly CancellationTokenSource _stop = new();
    private volatile Change _last = new([], []);

    /// <param name="local">Which partitions are here.</param>
    /// <param name="time">For the pause after trouble.</param>
    /// <param name="found">The service may have something there. Who is told must receive; any thread, many at
    /// once.</param>
    public WorkWatch(LocalPartitions local, TimeProvider time, Action<ServiceId, PartitionId> found)
    {
        (_local, _time, _found) = (local, time, found);
        local.Changed += OnChanged;
        foreach (PartitionLoop loop in local.All)
        {
            OnChanged(loop.Id);
        }
    }

    /// <summary>One thread at a time.</summary>
    /// <param name="services">All that are run from now on.</param>
    /// <param name="unseen">Of which nothing is known to who runs them now.</param>
    public void Follow(ImmutableHashSet<ServiceId> services, ServiceId[] unseen)
    {
        Change former = _last;
        _last = new Change(services, unseen);
        former.Next.SetResult(_last);
    }

    public void Dispose()
    {
        _local.Changed -= OnChanged;
        lock (_lock)
        {
            _stop.Cancel();
            _watched.Clear();
        }
    }

    private void OnChanged(PartitionId partition)
    {
        lock (_lock)
        {
            _local.TryGet(partition, out PartitionLoop? here);
            if (_stop.IsCancellationRequested || ReferenceEquals(here, _watched.GetValueOrDefault(partition).Loop))
            {
                return;
            }

            if (_watched.Remove(partition, out (PartitionLoop Loop, CancellationTokenSource Stop) former))
            {
                former.Stop.Cancel();
            }

            if (here is not null)
            {
                var stop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                _watched.Add(partition, (here, stop));

                // Of its own: not of the trace, say, of whatever made the partition come here.
                using (ExecutionContext.SuppressFlow())
                {
                    _ = Task.Run(() => WatchAsync(here, stop.Token));
                }
            }
        }
    }

    private async Task WatchAsync(PartitionLoop loop, CancellationToken stop)
    {
        Change at = _last;
        ServiceId[] unseen = at.All;
        Task<bool>? former = null;
        while (!stop.IsCancellationRequested && !loop.Completion.IsCompleted)
        {
            Task<bool> heard = AskAsync(loop, at.Services, unseen, stop);

            // A new question answers the former one.
            bool isWhole = former is null || await former;
            if (isWhole && await Task.WhenAny(heard, at.Next.Task) != heard)
            {
                unseen = [];
                while (at.Next.Task.IsCompleted)
                {
                    at = await at.Next.Task;
                    unseen = [.. unseen, .. at.Unseen];
                }

                former = heard;
                continue;
            }

            if (!isWhole)
            {
                // What was lost with the former one is asked again, and this one answered by that.
                (former, unseen) = (heard, at.All);
                continue;
            }

            former = null;
            bool isHeard = await heard;
            unseen = isHeard ? [] : at.All;
            if (!isHeard)
            {
                await Task.Delay(_pauseAfterTrouble, _time, stop).ConfigureAwait(
                    ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <returns>False: nothing is known of it.</returns>
    private async Task<bool> AskAsync(
        PartitionLoop loop, ImmutableHashSet<ServiceId> services, ServiceId[] unseen, CancellationToken stop)
    {
        try
        {
            Answer answer = await loop.ExecuteAsync(
                new FindWork { Services = services, Unseen = unseen, WaitMs = _waitMs }, stop);
            if (answer is not WorkFound found)
            {
                // Its journal is unavailable, its queue is full, or it is on its way to another server.
                return false;
            }

            foreach (ServiceId service in found.Services)
            {
                _found(service, loop.Id);
            }

            return true;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>What is run, and what was new in it; each knows the next.</summary>
    private sealed class Change(ImmutableHashSet<ServiceId> services, ServiceId[] unseen)
    {
        private ServiceId[]? _all;

        public ImmutableHashSet<ServiceId> Services => services;

        public ServiceId[] Unseen => unseen;

        public ServiceId[] All => _all ??= [.. services];

        public TaskCompletionSource<Change> Next { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
