using Grains.Handlers.Runs;
using Grains.Handlers.Servers;
using Orleans.Runtime.Placement;

namespace Grains.Handlers.Nodes;

/// <summary>
/// Stays here while this server is about as busy as the others; else the less busy of two drawn ones
/// (Mitzenmacher, The Power of Two Choices in Randomized Load Balancing, 2001).
/// </summary>
internal sealed class NodePlacementDirector(HandlerServers servers) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(
        PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        string? hosted = NodeKey.HostedService(target.GrainIdentity.Key.ToString() ?? "");
        ServerLoad[] able = [.. servers.Loads(hosted).Where(
            l => context.GetCompatibleSilos(target).Contains(l.Server))];
        return Task.FromResult(able.Length == 0
            ? throw new NoHandlerException($"No server that is there has a class for '{hosted}'.")
            : Choose(able, context.LocalSilo, Random.Shared));
    }

    public static SiloAddress Choose(ServerLoad[] able, SiloAddress here, Random random)
    {
        ServerLoad one = able[random.Next(able.Length)];
        ServerLoad other = able[random.Next(able.Length)];
        ServerLoad best = one.InFlight <= other.InFlight ? one : other;
        ServerLoad? local = Array.Find(able, l => l.Server.Equals(here));
        return local is not null && local.InFlight <= best.InFlight + HandlerServers.Slack ? local.Server : best.Server;
    }
}
