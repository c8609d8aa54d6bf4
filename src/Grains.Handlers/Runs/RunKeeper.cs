using System.Collections.Concurrent;
using Grains.Silo.Partitions;
using Grains.Silo.Telemetry;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Grains.Handlers.Runs;

/// <summary>
/// Prolongs the leases of all deliveries that handlers of this server work on, and cancels those that are lost or take
/// too long. One timer for all: a run itself costs none.
/// </summary>
internal sealed partial class RunKeeper : BackgroundService
{
    private static readonly TimeSpan _tick = TimeSpan.FromMilliseconds(25);

    private readonly ServerGauges _gauges = new();
    private readonly IPartitions _partitions;
    private readonly HandlerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<RunKeeper> _log;
    private readonly ConcurrentDictionary<Run, bool> _runs = new();
    private long _stopAtMs = long.MaxValue;
    private int _count;

    public RunKeeper(IPartitions partitions, HandlerOptions options, TimeProvider time, ILogger<RunKeeper> log)
    {
        (_partitions, _options, _time, _log) = (partitions, options, time, log);
        _gauges.Add(
            "grains.handlers.in_flight", () => Count, null, "Deliveries that handlers of this server work on.");
    }

    /// <summary>Deliveries that this server holds.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Nothing more is to be begun here.</summary>
    public bool IsStopping => Volatile.Read(ref _stopAtMs) != long.MaxValue;

    /// <summary>Of a clock that never goes back.</summary>
    public TimeSpan Now => _time.GetElapsedTime(0);

    /// <inheritdoc cref="Now"/>
    public long NowMs => (long)Now.TotalMilliseconds;

    public Run Begin(DeliveryGiven given)
    {
        var run = new Run(given, NowMs);
        _runs.TryAdd(run, true);
        Interlocked.Increment(ref _count);
        return run;
    }

    public void End(Run run)
    {
        if (_runs.TryRemove(run, out _))
        {
            Interlocked.Decrement(ref _count);
            run.Dispose();
        }
    }

    /// <summary>The server is asked to stop: handlers have a while, then what they hold is given back.</summary>
    public void BeginStop() => Interlocked.CompareExchange(ref _stopAtMs, NowMs + _options.StopMsMax, long.MaxValue);

    /// <summary>Waits for the runs, and for what they gave back; not for ever.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        BeginStop();
        long until = Volatile.Read(ref _stopAtMs) + _options.StopMsMax;
        while (Count > 0 && NowMs < until && !cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(_tick, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            long nowMs = NowMs;
            foreach ((Run run, _) in _runs)
            {
                Look(run, nowMs);
            }

            await Task.Delay(_tick, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Look(Run run, long nowMs)
    {
        if (!run.IsConcluding && nowMs >= run.DeadlineMs)
        {
            run.End(RunCancel.Timeout);
        }

        if (!run.IsConcluding && nowMs >= Volatile.Read(ref _stopAtMs))
        {
            run.End(RunCancel.ServerStops);
        }

        if (nowMs >= run.RenewAtMs && !run.IsRenewing && run.Reason != RunCancel.Lost)
        {
            run.IsRenewing = true;
            _ = RenewAsync(run);
        }
    }

    private async Task RenewAsync(Run run)
    {
        long leaseMs = run.Given.LeaseMs;
        try
        {
            Answer answer = await _partitions.ExecuteAsync(
                run.Given.Delivery.Partition, new RenewDelivery(run.Given.Delivery, leaseMs), CancellationToken.None);
            if (answer is Refused { Code: Refusal.DeliveryGone or Refusal.ServiceDeleted })
            {
                run.End(RunCancel.Lost);
            }

            run.RenewAtMs = NowMs + (leaseMs / 3);
        }
        catch (PartitionUnavailableException e)
        {
            // Its lease may outlive that, or a new owner may not know it: either way the next answer tells.
            LogNotRenewed(_log, Name(run), e.Message);
            run.RenewAtMs = NowMs + Math.Min(leaseMs / 10, 1_000);
        }
        catch (Exception e)
        {
            LogRenewalFailed(_log, e, Name(run));
            run.RenewAtMs = NowMs + Math.Min(leaseMs / 10, 1_000);
        }
        finally
        {
            run.IsRenewing = false;
        }
    }

    /// <summary>For the log: without what entitles to end it.</summary>
    private static DeliveryId Name(Run run) => run.Given.Delivery with { Seal = 0 };

    public override void Dispose()
    {
        _gauges.Dispose();
        base.Dispose();
    }
}
