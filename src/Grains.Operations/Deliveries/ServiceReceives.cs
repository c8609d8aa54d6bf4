using System.Collections.Concurrent;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Microsoft.Extensions.Hosting;

namespace Grains.Operations.Deliveries;

/// <summary>
/// Receives that name no node. Nodes of a service are in every partition, so for each service that somebody receives
/// from this server knows which partitions may have something, and has the others tell when they do.
/// </summary>
public sealed class ServiceReceives(IPartitions partitions, IHostApplicationLifetime lifetime, TimeProvider time)
{
    private readonly ConcurrentDictionary<ServiceId, ServiceWatch> _watches = new();

    /// <summary>
    /// A delivery, or nothing when the wait is over. Takes from the partitions in turn, so that none of them is left
    /// out while another is full.
    /// </summary>
    /// <param name="any">Without a node. Its wait is over all partitions together.</param>
    /// <param name="cancel">Ends the waiting.</param>
    /// <exception cref="PartitionUnavailableException">No partition answered.</exception>
    public async Task<Answer> ReceiveAsync(Receive any, CancellationToken cancel)
    {
        long begun = time.GetTimestamp();
        ServiceWatch watch = Enter(any);
        try
        {
            Task looked = watch.LookAsync();
            while (true)
            {
                LinkedListNode<TaskCompletionSource> place = watch.Queue();
                try
                {
                    bool isKnown = looked.IsCompleted;
                    if (await TakeAsync(watch, any, cancel) is { } answer)
                    {
                        return answer;
                    }

                    TimeSpan left = TimeSpan.FromMilliseconds(any.WaitMs) - time.GetElapsedTime(begun);
                    if (isKnown && left <= TimeSpan.Zero)
                    {
                        return watch.Failure is { } failure ? throw failure : new NothingToDeliver();
                    }

                    await WaitAsync(
                        isKnown ? place.Value.Task : Task.WhenAny(place.Value.Task, looked), left, isKnown, cancel);
                }
                finally
                {
                    watch.Unqueue(place);
                }
            }
        }
        finally
        {
            Leave(watch);
        }
    }

    private async Task<Answer?> TakeAsync(ServiceWatch watch, Receive any, CancellationToken cancel)
    {
        Receive now = any with { WaitMs = 0 };
        while (watch.TryNext(out PartitionId partition))
        {
            try
            {
                Answer answer = await partitions.ExecuteAsync(partition, now, cancel);
                if (answer is not NothingToDeliver)
                {
                    watch.Has(partition);
                    return answer;
                }

                watch.Lacks(partition, null);
            }
            catch (PartitionUnavailableException e)
            {
                // The others go on; this one is asked again in a while.
                watch.Lacks(partition, e);
            }
        }

        return null;
    }

    /// <summary>What came at the last moment is still looked at; and what was never looked at is waited for.</summary>
    private async Task WaitAsync(Task changed, TimeSpan left, bool isBounded, CancellationToken cancel)
    {
        try
        {
            await changed.WaitAsync(isBounded ? left : Timeout.InfiniteTimeSpan, time, cancel);
        }
        catch (TimeoutException)
        {
        }
    }

    private ServiceWatch Enter(Receive any)
    {
        while (true)
        {
            ServiceWatch watch = _watches.GetOrAdd(
                any.Service,
                _ => new ServiceWatch(any with { PeekOnly = true }, partitions, time, lifetime.ApplicationStopping));
            if (watch.TryEnter())
            {
                return watch;
            }

            // Nobody has received for a while, and it has just ended.
            _watches.TryRemove(KeyValuePair.Create(any.Service, watch));
        }
    }

    private void Leave(ServiceWatch watch) =>
        watch.Leave(() => _watches.TryRemove(KeyValuePair.Create(watch.Service, watch)));
}
