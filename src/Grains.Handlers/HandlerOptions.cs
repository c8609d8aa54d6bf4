using System.Net;

namespace Grains.Handlers;

/// <summary>How a server runs handlers. Inert: checked where it is bound.</summary>
public sealed record HandlerOptions
{
    /// <summary>Deliveries that one server has out at once, all services together.</summary>
    public int InFlightMax { get; init; } = 1_024;

    /// <summary>Push requests go to addresses in these networks only, whatever name they were reached by.</summary>
    public IReadOnlyList<IPNetwork> PushTo { get; init; } = [];

    /// <summary>The server is the whole cluster: what its address in it names, nothing listens on.</summary>
    public bool IsAlone { get; init; }

    /// <summary>How long a URL may take to take a connection.</summary>
    public int ConnectMsMax { get; init; } = 5_000;

    /// <summary>So often each server asks the others what they host and how busy they are.</summary>
    public int SurveyMs { get; init; } = 1_000;

    /// <summary>A server that stops gives its handlers this long, then gives what they hold back.</summary>
    public int StopMsMax { get; init; } = 3_000;

    /// <summary>A commit whose outcome is not known is repeated this long, while its lease is renewed.</summary>
    public int CommitMsMax { get; init; } = 60_000;

    /// <summary>More nodes than this in the memory of one server: those that have no work leave at once.</summary>
    public int IdleNodesMax { get; init; } = 10_000;
}
