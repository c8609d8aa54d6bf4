using System.Collections.Immutable;
using Grains.Handlers.Runs;
using Grains.Handlers.Servers;
using Grains.Operations.Declarations;
using Grains.Silo.Cluster;
using Grains.Silo.Loops;
using Grains.Silo.Partitions;
using Grains.StateMachines.Ids;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Grains.Handlers.Dispatch;

/// <summary>
/// One dispatcher for each service that servers run, as it is declared now: looked up every second, and at once when a
/// declaration changes through this server.
/// </summary>
internal sealed partial class Dispatchers : BackgroundService
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    private readonly DeclarationCatalog _catalog;
    private readonly Func<ServiceSnapshot, ServiceDispatcher> _create;
    private readonly IPartitions _partitions;
    private readonly ClusterSettingsView _settings;
    private readonly HandlerAvailability _availability;
    private readonly DispatchReports _reports;
    private readonly RunKeeper _runs;
    private readonly TimeProvider _time;
    private readonly ILogger<Dispatchers> _log;
    private readonly SemaphoreSlim _changed = new(0, 1);
    private readonly Lock _lock = new();
    private readonly WorkWatch _work;
    private bool _hasEnded;
    private ImmutableDictionary<ServiceId, ServiceDispatcher> _running =
        ImmutableDictionary<ServiceId, ServiceDispatcher>.Empty;
    private ImmutableDictionary<string, ServiceDispatcher> _dispatchers =
        ImmutableDictionary<string, ServiceDispatcher>.Empty;

    public Dispatchers(
        DeclarationCatalog catalog,
        Func<ServiceSnapshot, ServiceDispatcher> create,
        IPartitions partitions,
        LocalPartitions local,
        ClusterSettingsView settings,
        HandlerAvailability availability,
        DispatchReports reports,
        RunKeeper runs,
        IHostApplicationLifetime lifetime,
        TimeProvider time,
        ILogger<Dispatchers> log)
    {
        (_catalog, _create, _partitions, _settings, _availability) =
            (catalog, create, partitions, settings, availability);
        (_reports, _runs, _time, _log) = (reports, runs, time, log);
        _work = new WorkWatch(
            local, time, (service, partition) => _running.GetValueOrDefault(service)?.Take(partition));
        catalog.ServicesChanged += Wake;
        lifetime.ApplicationStopping.Register(End);
    }

    public override void Dispose()
    {
        _work.Dispose();
        _changed.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (_partitions.IsReady)
                {
                    Follow(await _catalog.ReadServicesAsync(
                        stoppingToken, unreadable: e => LogNotRead(_log, e.Message)));
                }

                await _changed.WaitAsync(_pause, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // What is known goes on; the partition that has the declarations may be on its way.
                LogNotListed(_log, e.Message);
                await Task.Delay(_pause, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Follow(List<ServiceSnapshot> services)
    {
        lock (_lock)
        {
            if (!_hasEnded)
            {
                FollowAll(services);
            }
        }
    }

    private void FollowAll(List<ServiceSnapshot> services)
    {
        Dictionary<string, ServiceSnapshot> wanted = services
            .Where(s => s.Handler.Kind != HandlerKind.Pull && !s.Paused && _settings.Settings?.Paused is null)
            .ToDictionary(s => s.Name, StringComparer.Ordinal);
        foreach ((string name, ServiceDispatcher dispatcher) in _dispatchers)
        {
            if (wanted.GetValueOrDefault(name) != dispatcher.Service)
            {
                dispatcher.Dispose();
                _dispatchers = _dispatchers.Remove(name);
                if (wanted.GetValueOrDefault(name)?.Id != dispatcher.Service.Id)
                {
                    _availability.Forget(dispatcher.Service.Id);
                }
            }
        }

        List<ServiceId> begun = [];
        foreach (ServiceSnapshot service in wanted.Values.Where(s => !_dispatchers.ContainsKey(s.Name)))
        {
            _dispatchers = _dispatchers.Add(service.Name, _create(service));
            begun.Add(service.Id);
        }

        if (begun.Count > 0 || _dispatchers.Count != _running.Count)
        {
            _running = _dispatchers.Values.ToImmutableDictionary(d => d.Service.Id);
            _reports.Follow(_dispatchers.Values.Select(d => (Func<DispatchReport>)(() => d.Report)));
            _work.Follow([.. _running.Keys], [.. begun]);
        }
    }

    /// <summary>Nothing more is taken, here: the partitions are about to go to others, who take.</summary>
    private void End()
    {
        _runs.BeginStop();
        lock (_lock)
        {
            _hasEnded = true;
            _work.Dispose();
            foreach (ServiceDispatcher dispatcher in _dispatchers.Values)
            {
                dispatcher.Dispose();
            }
        }
    }

    private void Wake()
    {
        try
        {
            _changed.Release();
        }
        catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
        {
            // It is awake already, or will never be again.
        }
    }

    [LoggerMessage(4032, LogLevel.Error, "A declared service cannot be run here: {Why}")]
    private static partial void LogNotRead(ILogger log, string why);

    [LoggerMessage(4031, LogLevel.Warning, "The declared services could not be listed; those that are known go on. "
        + "{Why}")]
    private static partial void LogNotListed(ILogger log, string why);
}
