using Grains.Handlers.Runs;
using Grains.Handlers.Servers;
using Grains.Operations.Declarations;
using Grains.Silo.Partitions;
using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging;

namespace Grains.Handlers.Dispatch;

/// <summary>
/// Takes one service's deliveries out of the partitions that are said to have some, as many as may be leased at once,
/// and gives each to its node, wherever that is at work. While there are none it does nothing. When it ends, what is
/// leased goes on; nothing more is taken.
/// </summary>
internal sealed partial class ServiceDispatcher : IDisposable
{
    /// <summary>A run that is being stored asks for the next delivery meanwhile, and waits for it so long.</summary>
    private const int _nextMs = 10;

    /// <summary>Then a slot is given back, if others wait for one.</summary>
    private const int _deliveriesInARow = 16;

    private static readonly TimeSpan _pauseAfterTrouble = TimeSpan.FromMilliseconds(250);

    private readonly ServerSlots _ofServer;
    private readonly LocalDeliveries _deliveries;
    private readonly NodeRuns _runs;
    private readonly HandlerAvailability _availability;
    private readonly TimeProvider _time;
    private readonly ILogger<ServiceDispatcher> _log;
    private readonly Slots _slots;
    private readonly Lock _lock = new();

    /// <summary>Those that may have something; true = that was said again since it was last asked.</summary>
    private readonly Dictionary<PartitionId, bool> _pumps = [];
    private readonly CancellationTokenSource _stop = new();
    private volatile string? _lastTrouble;

    public ServiceDispatcher(
        ServiceSnapshot service,
        ServerSlots ofServer,
        LocalDeliveries deliveries,
        NodeRuns runs,
        HandlerAvailability availability,
        TimeProvider time,
        ILogger<ServiceDispatcher> log)
    {
        Service = service;
        (_ofServer, _deliveries, _runs, _availability, _time, _log) =
            (ofServer, deliveries, runs, availability, time, log);
        _slots = new Slots(service.Handler.InFlight);
    }

    public ServiceSnapshot Service { get; }

    public DispatchReport Report => new()
    {
        Service = Service.Name,
        InFlight = _slots.Taken,
        Suspended = Suspension()?.Why,
        LastTrouble = _lastTrouble,
    };

    public void Dispose()
    {
        lock (_lock)
        {
            _stop.Cancel();
        }
    }

    /// <summary>
    /// Any thread: something may be there. It is asked at least once from now on, and until it has no more.
    /// </summary>
    public void Take(PartitionId partition)
    {
        lock (_lock)
        {
            if (_stop.IsCancellationRequested)
            {
                return;
            }

            if (!_pumps.TryAdd(partition, false))
            {
                _pumps[partition] = true;
                return;
            }

            using (ExecutionContext.SuppressFlow())
            {
                _ = Task.Run(() => PumpAsync(partition, _stop.Token));
            }
        }
    }

    /// <summary>False: it was told again meanwhile.</summary>
    private bool MayEnd(PartitionId partition)
    {
        lock (_lock)
        {
            if (_pumps[partition])
            {
                _pumps[partition] = false;
                return false;
            }

            return _pumps.Remove(partition);
        }
    }

    private (string Why, TimeSpan For)? Suspension() => _availability.SuspensionOf(Service);

    /// <summary>Begins runs while the partition is here and has something.</summary>
    private async Task PumpAsync(PartitionId partition, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                // Where it is now, it is asked anew.
                if (!_deliveries.Has(partition))
                {
                    if (MayEnd(partition))
                    {
                        return;
                    }
                }
                else if (Suspension() is { } suspension)
                {
                    await Task.Delay(suspension.For, _time, stop);
                }
                else if (!await TakeOneAsync(partition, stop) && MayEnd(partition))
                {
                    return;
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (PartitionUnavailableException e)
            {
                // On its way to another server, or its journal is unavailable.
                LogNoAnswer(_log, Service.Name, partition, e.Message);
                await PauseAsync(stop);
            }
            catch (Exception e)
            {
                LogTrouble(_log, e, Service.Name, partition);
                await PauseAsync(stop);
            }
        }
    }

    /// <summary>Begins a run, in a slot; returns when it has a delivery. False: there was none.</summary>
    private async Task<bool> TakeOneAsync(PartitionId partition, CancellationToken stop)
    {
        await _slots.TakeAsync(stop);
        try
        {
            await _ofServer.Slots.TakeAsync(stop);
        }
        catch
        {
            _slots.Give();
            throw;
        }

        var taken = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = WorkAsync(partition, taken, stop);
        return await taken.Task;
    }

    /// <summary>
    /// In one slot: delivery after delivery while there are any, and not for ever where others wait for a slot.
    /// </summary>
    /// <param name="partition">Where from.</param>
    /// <param name="taken">Told once the first one was taken, was not there, or could not be taken.</param>
    /// <param name="stop">No more is taken; what is leased goes on.</param>
    private async Task WorkAsync(PartitionId partition, TaskCompletionSource<bool> taken, CancellationToken stop)
    {
        try
        {
            Run? run = await ReceiveAsync(partition, waitMs: 0, stop);
            taken.SetResult(run is not null);
            for (int i = 1; run is not null; i++)
            {
                bool goesOn = i < _deliveriesInARow || !(_slots.IsContended || _ofServer.Slots.IsContended);
                run = await RunAsync(partition, run, goesOn, stop);
            }
        }
        catch (Exception e) when (taken.TrySetException(e))
        {
            // Who waits for it deals with it.
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
        catch (PartitionUnavailableException e)
        {
            LogNoAnswer(_log, Service.Name, partition, e.Message);
        }
        catch (Exception e)
        {
            LogTrouble(_log, e, Service.Name, partition);
        }
        finally
        {
            _ofServer.Slots.Give();
            _slots.Give();
        }
    }

    /// <summary>
    /// Runs one delivery, here or where there is more room; returns the next one, if it may go on and there is one.
    /// </summary>
    private async Task<Run?> RunAsync(PartitionId partition, Run run, bool goesOn, CancellationToken stop)
    {
        if (!_runs.IsHereBest(Service))
        {
            Note(await _runs.RunElsewhereAsync(run, Service));
            return MayGoOn() ? await ReceiveAsync(partition, waitMs: 0, stop) : null;
        }

        // Asked for just before the commit: so the partition has somebody to give the node's next messages to when it
        // is durable, in the same turn, and wakes nobody else.
        Task<Run?>? next = null;
        try
        {
            Note(await _runs.RunHereAsync(
                run, Service, () => next = MayGoOn() ? ReceiveAsync(partition, _nextMs, stop) : null));
        }
        catch (Exception e) when (next is not null)
        {
            // The next one is nobody else's by now.
            LogTrouble(_log, e, Service.Name, partition);
        }

        return next is null ? null : await next;

        bool MayGoOn() => goesOn && !stop.IsCancellationRequested && Suspension() is null;
    }

    private void Note(RunReport report)
    {
        if (report.Reason is { } trouble)
        {
            _lastTrouble = trouble;
        }
    }

    /// <summary>What it is given it holds at once.</summary>
    private async Task<Run?> ReceiveAsync(PartitionId partition, int waitMs, CancellationToken stop) =>
        await _deliveries.ReceiveAsync(Service, partition, waitMs, stop) is { } given ? _runs.Hold(given) : null;

    private async Task PauseAsync(CancellationToken stop) =>
        await Task.Delay(_pauseAfterTrouble, _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
