using System.Collections.Frozen;
using System.Net;
using Grains.Handlers.Hosted;
using Grains.Handlers.Runs;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Grains.Handlers.Servers;

/// <summary>
/// Which servers can run which handlers, and how busy they are: asked about once a second; of itself, now.
/// </summary>
internal sealed class HandlerServers(
    IClusterMembershipService membership,
    LocalServer here,
    RunKeeper runs,
    HostedHandlers hosted,
    HandlerSurvey survey,
    DispatchReports dispatched,
    IOptions<GrainTypeOptions> types) : BackgroundService
{
    /// <summary>A call to another server costs something too.</summary>
    public const int Slack = 8;

    private readonly bool _runsNodes = types.Value.Classes.Any(typeof(INodeGrain).IsAssignableFrom);
    private volatile FrozenDictionary<SiloAddress, HandlerReport> _others =
        FrozenDictionary<SiloAddress, HandlerReport>.Empty;

    public HandlerReport Own() => new()
    {
        InFlight = runs.Count,
        Hosted = hosted.Names,
        Dispatched = dispatched.Read(),
        TakesNodes = _runsNodes && !runs.IsStopping,
        Listening = here.ListeningForOthers,
    };

    /// <summary>
    /// A connection to there ends at a port of some server of the cluster, as far as it is known here.
    /// </summary>
    public bool IsServer(IPEndPoint to, IPAddress? from) => here.Is(to, from)
        || _others.Values.Any(
            r => r.Listening?.Contains($"{new IPEndPoint(LocalServer.Plain(to.Address), to.Port)}") == true);

    /// <summary>Servers that can run the service's handler.</summary>
    /// <param name="hostedService">Null = any server can.</param>
    public IEnumerable<ServerLoad> Loads(string? hostedService)
    {
        if (_runsNodes && (hostedService is null || hosted.Names.Contains(hostedService)))
        {
            yield return new ServerLoad(here.SiloAddress, runs.Count);
        }

        foreach ((SiloAddress server, HandlerReport report) in _others)
        {
            if (report.TakesNodes && (hostedService is null || report.Hosted.Contains(hostedService)))
            {
                yield return new ServerLoad(server, report.InFlight);
            }
        }
    }

    /// <summary>
    /// This server can, and is about as busy as the least busy of the others. What runs here needs no call of a grain.
    /// </summary>
    public bool IsHereBest(string? hostedService)
    {
        if (hostedService is not null && !hosted.Names.Contains(hostedService))
        {
            return false;
        }

        foreach (HandlerReport report in _others.Values)
        {
            if (report.TakesNodes && runs.Count > report.InFlight + Slack
                && (hostedService is null || report.Hosted.Contains(hostedService)))
            {
                return false;
            }
        }

        return true;
    }

    public bool IsHosted(string service) => Loads(service).Any();

    /// <summary>What the server of this name says of the service; null = nothing, or it is not known here.</summary>
    public DispatchReport? ReportOf(string? server, string service)
    {
        HandlerReport? report = server == here.Name ? Own()
            : membership.CurrentSnapshot.Members.Values.FirstOrDefault(
                m => m.Name == server
                    && m.Status == SiloStatus.Active) is { } member ? _others.GetValueOrDefault(member.SiloAddress)
            : null;
        return report is null ? null : Array.Find(report.Dispatched, d => d.Service == service);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            SiloAddress[] others = [.. membership.CurrentSnapshot.Members.Values
                .Where(m => m.Status == SiloStatus.Active && !m.SiloAddress.Equals(here.SiloAddress))
                .Select(m => m.SiloAddress)];
            if (others.Length > 0 || _others.Count > 0)
            {
                (SiloAddress Server, HandlerReport? Report)[] answers =
                    await Task.WhenAll(
                        others.Select(async server => (server, await survey.AskAsync(server, stoppingToken))));
                _others = answers.Where(a => a.Report is not null).ToFrozenDictionary(a => a.Server, a => a.Report!);
            }

            await survey.PauseAsync(stoppingToken);
        }
    }
}

/// <summary>How the others are asked.</summary>
internal sealed class HandlerSurvey(IHandlerServiceClient servers, HandlerOptions options, TimeProvider time)
{
    /// <summary>Null: it did not answer, or knows no handlers; nothing is given to it until it does.</summary>
    public async Task<HandlerReport?> AskAsync(SiloAddress server, CancellationToken cancel)
    {
        try
        {
            return await servers.At(server).Describe().WaitAsync(cancel);
        }
        catch (Exception)
        {
            return null;
        }
    }

    public async Task PauseAsync(CancellationToken cancel) => await Task.Delay(
        TimeSpan.FromMilliseconds(options.SurveyMs), time,
        cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
