using Grains.Silo.Members;

namespace Grains.Server;

/// <summary>
/// The membership of a server that is the whole cluster: a list in its own memory, and a transport that is none.
/// </summary>
internal static class AloneSilo
{
    /// <summary>Only a part of the server's name to itself: nothing listens there.</summary>
    private const int _port = 11_111;

    public static void UseAlone(this ISiloBuilder silo, string cluster)
    {
        silo.UseLocalhostClustering(_port, gatewayPort: 0, serviceId: EmbeddedHost.ClusterName, clusterId: cluster);
        silo.UseNoConnections();
    }
}
