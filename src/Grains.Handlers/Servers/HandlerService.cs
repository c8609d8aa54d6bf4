using Microsoft.Extensions.Logging;

namespace Grains.Handlers.Servers;

/// <summary>One server's answers to the others.</summary>
internal sealed class HandlerService(
    GrainId id, Orleans.Runtime.Silo silo, ILoggerFactory loggers, HandlerServers servers)
    : GrainService(id, silo, loggers), IHandlerService
{
    public Task<HandlerReport> Describe() => Task.FromResult(servers.Own());
}
