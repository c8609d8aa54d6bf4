using Grains.Handlers.Push;
using Grains.Handlers.Servers;
using Grains.Operations.Declarations;

namespace Grains.Handlers.Dispatch;

/// <summary>Whether a service's handlers can be given anything now.</summary>
internal sealed class HandlerAvailability(PushHandler push, HandlerServers servers)
{
    private static readonly TimeSpan _pauseWithoutServer = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Why nothing can be handled now, and how long to wait before that is looked at again; null = it can.
    /// </summary>
    public (string Why, TimeSpan For)? SuspensionOf(ServiceSnapshot service) => service.Handler.Kind == HandlerKind.Push
        ? push.TargetsOf(service).Suspension
        : servers.IsHosted(service.Name) ? null
        : (
            $"No server that is there has a class for it; build one in with AddHandler<T>(\"{service.Name}\").",
            _pauseWithoutServer);

    /// <summary>The service is gone: what is known of its URLs goes too.</summary>
    public void Forget(StateMachines.Ids.ServiceId service) => push.Forget(service);
}
