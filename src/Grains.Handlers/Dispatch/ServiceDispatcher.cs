using Grains.FrontEnd.Declarations;
using Grains.Handlers.Nodes;
using Grains.Handlers.Push;
using Grains.Handlers.Runs;
using Grains.Handlers.Servers;
using Grains.Silo.Partitions;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Nodes;
using Grains.StateMachines.Partitions;
using Orleans.Runtime;

namespace Grains.Handlers.Dispatch;

/// <summary>
/// Takes one service's deliveries out of the partitions that this server owns, as many as may be out at once, and gives
/// each to its node, wherever that is at work. When it ends, what is out goes on; nothing more is taken.
/// </summary>
internal sealed partial class ServiceDispatcher : IDisposable
{
    private const int _lookMs = 10_000;

    private static readonly TimeSpan _pauseAfterTrouble = TimeSpan.FromMilliseconds(250);

    private readonly DispatchParts _parts;
    private readonly Slots _slots;
    private readonly Lock _lock = new();
    private readonly Dictionary<PartitionId, CancellationTokenSource> _pumps = [];
    private readonly CancellationTokenSource _stop = new();
    private volatile string? _lastTrouble;

    public ServiceDispatcher(ServiceSnapshot service, DispatchParts parts)
    {
        Service = service;
        _parts = parts;
        _slots = new Slots(service.Handler.InFlight);
    }

    public ServiceSnapshot Service { get; }

    public DispatchReport Report => new()
    {
        Service = Service.Name,
        InFlight = _slots.Taken,
        Halt = Halt()?.Why,
        LastTrouble = _lastTrouble,
    };

    public void Start()
    {
        _parts.Local.Changed += OnChanged;
        foreach (PartitionLoop loop in _parts.Local.All)
        {
            OnChanged(loop.Id);
        }
    }

    public void Dispose()
    {
        _parts.Local.Changed -= OnChanged;
        lock (_lock)
        {
            _stop.Cancel();
            foreach (CancellationTokenSource pump in _pumps.Values)
            {
                pump.Cancel();
            }

            _pumps.Clear();
        }
    }

    private void OnChanged(PartitionId partition)
    {
        lock (_lock)
        {
            if (_stop.IsCancellationRequested)
            {
                return;
            }

            bool isHere = _parts.Local.TryGet(partition, out _);
            if (isHere && !_pumps.ContainsKey(partition))
            {
                var stop = new CancellationTokenSource();
                _pumps.Add(partition, stop);
                _ = Task.Run(() => PumpAsync(partition, stop.Token));
            }
            else if (!isHere && _pumps.Remove(partition, out CancellationTokenSource? pump))
            {
                pump.Cancel();
            }
        }
    }

    /// <summary>Why nothing can be handled now, and how long to wait before that is looked at again; null = it can.</summary>
    private (string Why, TimeSpan For)? Halt() => Service.Handler.Kind == HandlerKind.Push
        ? _parts.Push.TargetsOf(Service).Halt
        : _parts.Servers.IsHosted(Service.Name) ? null
        : ($"No server that is there has a class for it; build one in with AddHandler<T>(\"{Service.Name}\").", _pauseAfterTrouble);

    private async Task PumpAsync(PartitionId partition, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (Halt() is { } halt)
                {
                    await Task.Delay(halt.For, _parts.Time, stop);
                }
                else if (await LookAsync(partition, stop))
                {
                    await TakeAllAsync(partition, stop);
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (PartitionUnavailableException e)
            {
                // On its way to another server, or its journal is away.
                LogNoAnswer(_parts.Log, Service.Name, partition, e.Message);
                await PauseAsync(stop);
            }
            catch (Exception e)
            {
                LogTrouble(_parts.Log, e, Service.Name, partition);
                await PauseAsync(stop);
            }
        }
    }

    /// <summary>True: some node of the partition has something. Waits for it, and is asked again where nothing came.</summary>
    private async Task<bool> LookAsync(PartitionId partition, CancellationToken stop)
    {
        Answer answer = await _parts.Partitions.ExecuteAsync(partition, Receive() with { OnlyLook = true, WaitMs = _lookMs }, stop);
        switch (answer)
        {
            case SomethingToDeliver:
                return true;
            case NothingToDeliver:
                return false;
            default:
                // Deleted: the next survey ends this. Overloaded: not for long.
                await PauseAsync(stop);
                return false;
        }
    }

    /// <summary>Begins one run after another, each in a slot, until a take finds nothing.</summary>
    private async Task TakeAllAsync(PartitionId partition, CancellationToken stop)
    {
        while (Halt() is null)
        {
            await _slots.TakeAsync(stop);
            try
            {
                await _parts.Slots.TakeAsync(stop);
            }
            catch
            {
                _slots.Give();
                throw;
            }

            var found = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            _ = WorkAsync(partition, found, stop);
            if (!await found.Task)
            {
                return;
            }
        }
    }

    /// <summary>In one slot: delivery after delivery while there are any, and nobody else waits for the slot.</summary>
    /// <param name="partition">Where from.</param>
    /// <param name="found">Told whether the first take found something.</param>
    /// <param name="stop">No more is taken; what is out goes on.</param>
    private async Task WorkAsync(PartitionId partition, TaskCompletionSource<bool> found, CancellationToken stop)
    {
        try
        {
            do
            {
                if (await _parts.Partitions.ExecuteAsync(partition, Receive(), stop) is not DeliveryGiven given)
                {
                    return;
                }

                found.TrySetResult(true);
                await RunAsync(given);
            }
            while (!stop.IsCancellationRequested && !_slots.IsContended && !_parts.Slots.IsContended && Halt() is null);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
        catch (PartitionUnavailableException e)
        {
            LogNoAnswer(_parts.Log, Service.Name, partition, e.Message);
        }
        catch (Exception e)
        {
            LogTrouble(_parts.Log, e, Service.Name, partition);
        }
        finally
        {
            found.TrySetResult(false);
            _parts.Slots.Give();
            _slots.Give();
        }
    }

    private async Task RunAsync(DeliveryGiven given)
    {
        try
        {
            INodeGrain node = _parts.Grains.GetGrain<INodeGrain>(NodeKey.Of(Service, given));
            RunReport report = await node.Run(new NodeWork
            {
                Service = Service.Name, ServiceId = Service.Id.Value, Given = given,
            });
            if (report.End != RunEnd.Committed)
            {
                _lastTrouble = report.Reason;
            }
        }
        catch (NoHandlerException e)
        {
            await _parts.Runs.GiveBackAsync(given, e.Message);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // The server that it ran on ended, perhaps because of it: without this its lease would have to run out.
            _lastTrouble = $"the server that it ran on was lost: {e.Message}";
            await _parts.Partitions.ExecuteAsync(
                given.Delivery.Partition,
                new RejectDelivery { Delivery = given.Delivery, Backoff = Service.Backoff(), Reason = Reasons.Fit(_lastTrouble) },
                CancellationToken.None);
        }
    }

    private Receive Receive() => new()
    {
        Service = Service.Id,
        Node = Utf8Name.Empty,
        MaxMessages = Service.Handler.Batch,
        LeaseMs = Service.LeaseMs,
        MaxAttempts = Service.Attempts,
        ServiceName = Service.Name,
    };

    private async Task PauseAsync(CancellationToken stop) =>
        await Task.Delay(_pauseAfterTrouble, _parts.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
