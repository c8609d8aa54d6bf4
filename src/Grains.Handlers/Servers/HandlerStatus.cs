using Grains.Operations.Explanations;

namespace Grains.Handlers.Servers;

/// <summary>What is known here of the handlers of all servers, for those who ask why a node is not moving.</summary>
internal sealed class HandlerStatus(HandlerServers servers) : IHandlerStatus
{
    public HandlerFacts? Of(string service, string? owner) => servers.ReportOf(owner, service) is { } report
        ? new HandlerFacts(report.InFlight, report.Suspended, report.LastTrouble)
        : null;
}
