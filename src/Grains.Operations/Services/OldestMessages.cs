using System.Diagnostics.Metrics;
using Grains.Operations.Declarations;
using Grains.Silo.Loops;
using Grains.Silo.Partitions;
using Grains.Silo.Telemetry;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Microsoft.Extensions.Hosting;

namespace Grains.Operations.Services;

/// <summary>
/// The alarm that a service does not keep up: how old the oldest message is that waits or is leased, by service, of the
/// partitions that this server owns. Looked up now and then, among the oldest messages of each partition only.
/// </summary>
public sealed class OldestMessages : BackgroundService
{
    private const int _lookedAtMax = 10_000;
    private static readonly TimeSpan _period = TimeSpan.FromSeconds(5);

    private readonly ServerGauges _gauges = new();
    private readonly LocalPartitions _local;
    private readonly IPartitions _partitions;
    private readonly DeclarationCatalog _catalog;
    private readonly TimeProvider _time;
    private volatile Dictionary<string, long> _oldest = [];

    public OldestMessages(LocalPartitions local, IPartitions partitions, DeclarationCatalog catalog, TimeProvider time)
    {
        (_local, _partitions, _catalog, _time) = (local, partitions, catalog, time);
        _gauges.Add(
            "grains.messages.oldest", Measure, "s",
            "Age of the oldest message of a service that waits or is leased, in the partitions of this server.");
    }

    /// <summary>By service, ms since 1970.</summary>
    internal async Task<Dictionary<string, long>> FindAsync(CancellationToken cancel)
    {
        var byId = new Dictionary<ServiceId, long>();
        foreach (PartitionLoop loop in _local.All)
        {
            Answer answer = await _partitions.ExecuteAsync(
                loop.Id, new FindOldest { LookedAtMax = _lookedAtMax, Consistency = ReadConsistency.Stale }, cancel);
            foreach (OldestMessage found in answer is OldestFound { Services: var services } ? services : [])
            {
                byId[found.Service] = Math.Min(
                    byId.GetValueOrDefault(found.Service, long.MaxValue), found.AcceptedAtMs);
            }
        }

        if (byId.Count == 0)
        {
            return [];
        }

        List<ServiceSnapshot> declared = await _catalog.ReadServicesAsync(cancel);
        return declared.Where(s => byId.ContainsKey(s.Id)).ToDictionary(s => s.Name, s => byId[s.Id]);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                _oldest = _partitions.IsReady ? await FindAsync(stoppingToken) : [];
            }
            catch (Exception) when (!stoppingToken.IsCancellationRequested)
            {
                // A partition is on its way, or the journal is unavailable: the ages that are known go on growing.
            }
            catch (Exception)
            {
                return;
            }

            await Task.Delay(_period, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private IEnumerable<Measurement<double>> Measure()
    {
        long nowMs = _time.GetUtcNow().ToUnixTimeMilliseconds();
        return _oldest.Select(o => new Measurement<double>(
            Math.Max(0, nowMs - o.Value) / 1e3, new KeyValuePair<string, object?>("service", o.Key)));
    }

    public override void Dispose()
    {
        _gauges.Dispose();
        base.Dispose();
    }
}
