using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;

namespace Grains.Operations.Deliveries;

/// <summary>
/// Which partitions may have something of one service for whoever receives here. A partition that has nothing is asked
/// to tell when it has, for as long as somebody receives now and then. Any thread.
/// </summary>
public sealed class ServiceWatch(Receive look, IPartitions partitions, TimeProvider time, CancellationToken stop)
{
    /// <summary>A look lasts so long; after one in which nobody received, it is not begun again.</summary>
    private const int _lookMs = 10_000;

    private static readonly TimeSpan _pauseAfterFailure = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();
    private readonly Dictionary<PartitionId, Exception?> _known = [];
    private readonly LinkedList<PartitionId> _mayHave = new();
    private readonly LinkedList<TaskCompletionSource> _waiting = new();
    private Task _looks = Task.CompletedTask;
    private Action? _end;
    private int _receivers;
    private bool _hasEnded;

    public ServiceId Service => look.Service;

    /// <summary>Why nothing is known, where no partition answered; else null.</summary>
    public Exception? Failure
    {
        get
        {
            lock (_lock)
            {
                return _mayHave.Count == 0 && _known.Count > 0 && _known.Values.All(e => e is not null)
                    ? _known.Values.First()
                    : null;
            }
        }
    }

    /// <summary>False: it has ended; there is to be another.</summary>
    public bool TryEnter()
    {
        lock (_lock)
        {
            _receivers += _hasEnded ? 0 : 1;
            return !_hasEnded;
        }
    }

    /// <param name="end">Called when nobody has received for a while.</param>
    public void Leave(Action end)
    {
        lock (_lock)
        {
            _receivers--;
            _end = end;
            if (_mayHave.Count > 0)
            {
                // Perhaps it was this one that was told, and it has not looked.
                TellOne();
            }
        }
    }

    /// <summary>Asks every partition that nothing is known of; ends when each has said what it has now.</summary>
    public Task LookAsync()
    {
        lock (_lock)
        {
            if (_known.Count < partitions.Slots.Partitions.Count)
            {
                PartitionId[] unknown = [.. partitions.Slots.Partitions.Where(p => _known.TryAdd(p, null))];
                _looks = Task.WhenAll([_looks, .. unknown.Select(p => Task.Run(() => BeginAsync(p)))]);
            }

            return _looks;
        }
    }

    /// <summary>The next one in turn; it stays among them.</summary>
    public bool TryNext(out PartitionId partition)
    {
        lock (_lock)
        {
            if (_mayHave.First is not { } first)
            {
                partition = default;
                return false;
            }

            _mayHave.RemoveFirst();
            _mayHave.AddLast(first);
            partition = first.Value;
            return true;
        }
    }

    /// <summary>Something is, or may be, there: one that waits is told.</summary>
    public void Has(PartitionId partition)
    {
        lock (_lock)
        {
            _known[partition] = null;
            if (!_mayHave.Contains(partition))
            {
                _mayHave.AddLast(partition);
            }

            TellOne();
        }
    }

    /// <summary>Nothing was there, or it did not answer: it is asked to tell.</summary>
    public void Lacks(PartitionId partition, Exception? failure)
    {
        lock (_lock)
        {
            if (!_mayHave.Remove(partition))
            {
                return;
            }

            _known[partition] = failure;
        }

        _ = WatchAsync(partition, failure is not null);
    }

    /// <summary>Stands in line to be told when something came: each time one is told.</summary>
    public LinkedListNode<TaskCompletionSource> Queue()
    {
        lock (_lock)
        {
            return _waiting.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
    }

    public void Unqueue(LinkedListNode<TaskCompletionSource> place)
    {
        lock (_lock)
        {
            if (place.List is not null)
            {
                _waiting.Remove(place);
            }
        }
    }

    private void TellOne()
    {
        if (_waiting.First is { } first)
        {
            _waiting.RemoveFirst();
            first.Value.TrySetResult();
        }
    }

    private async Task BeginAsync(PartitionId partition)
    {
        Answer? answer = await AskAsync(partition, 0);
        if (answer is SomethingToDeliver)
        {
            Has(partition);
        }
        else
        {
            _ = WatchAsync(partition, answer is null);
        }
    }

    private async Task WatchAsync(PartitionId partition, bool hasFailed)
    {
        do
        {
            if (hasFailed)
            {
                await Task.Delay(_pauseAfterFailure, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            Answer? answer = await AskAsync(partition, _lookMs);
            hasFailed = answer is null;
            if (answer is SomethingToDeliver)
            {
                Has(partition);
                return;
            }
        }
        while (!IsOver(partition));
    }

    /// <summary>Null: it did not answer.</summary>
    private async Task<Answer?> AskAsync(PartitionId partition, int waitMs)
    {
        try
        {
            Answer answer = await partitions.ExecuteAsync(partition, look with { WaitMs = waitMs }, stop);
            if (answer is SomethingToDeliver or NothingToDeliver)
            {
                Know(partition, null);
                return answer;
            }

            // As many receives wait there as may.
            return null;
        }
        catch (Exception e)
        {
            Know(partition, e);
            return null;
        }
    }

    private void Know(PartitionId partition, Exception? failure)
    {
        lock (_lock)
        {
            _known[partition] = failure;
        }
    }

    /// <summary>Nobody receives any more: from now on nothing is known of the partition.</summary>
    private bool IsOver(PartitionId partition)
    {
        Action? end = null;
        lock (_lock)
        {
            if (_receivers > 0 && !stop.IsCancellationRequested)
            {
                return false;
            }

            _known.Remove(partition);
            if (_known.Count == _mayHave.Count)
            {
                _hasEnded = true;
                end = _end;
            }
        }

        end?.Invoke();
        return true;
    }
}
