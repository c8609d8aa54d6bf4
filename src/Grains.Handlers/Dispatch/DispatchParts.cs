using Grains.Handlers.Push;
using Grains.Handlers.Runs;
using Grains.Handlers.Servers;
using Grains.Silo.Loops;
using Grains.Silo.Partitions;
using Microsoft.Extensions.Logging;

namespace Grains.Handlers.Dispatch;

/// <summary>What dispatchers share.</summary>
internal sealed record DispatchParts(
    IPartitions Partitions,
    LocalPartitions Local,
    IGrainFactory Grains,
    DeliveryRuns Runs,
    PushHandler Push,
    HandlerServers Servers,
    TimeProvider Time,
    ILogger<ServiceDispatcher> Log)
{
    /// <summary>Of the whole server.</summary>
    public required Slots Slots { get; init; }

    /// <summary>Nothing is handed out at all.</summary>
    public required Func<bool> IsPaused { get; init; }
}
