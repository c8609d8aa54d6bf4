using System.Data.Common;
using System.Net.Sockets;
using Grains.Journal;
using Grains.Journal.Images;
using Grains.Server.Cluster;
using Grains.Server.Options;
using Grains.Silo.Cluster;
using Grains.Silo.Tls;
using Microsoft.AspNetCore.Connections;
using Orleans.Runtime.MembershipService;

namespace Grains.Server;

/// <summary>Turns what an operator can mend into one line; what is left is a bug and keeps its stack trace.</summary>
internal static class StartFailure
{
    /// <returns>Null for an exception that is no ordinary trouble.</returns>
    public static string? Explain(Exception e, GrainsOptions options) => Root(e) switch
    {
        StartException or TlsFileException or ClusterSettingsException or JournalUnavailableException
            or JournalDamagedException
            or ImageDamagedException =>
            Root(e).Message,
        Exception trouble when options.Cluster is { } cluster
            && PostgresFailure.Explain(trouble, cluster.Postgres) is { } why => why,
        OrleansClusterConnectivityCheckFailedException unreached =>
            $"{unreached.Message} Look whether servers reach each other at their {Setting.Silo.Switch}, all with TLS "
            + "or all without.",
        AddressInUseException or SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } =>
            $"{Addresses(options)} is in use by another process. Stop that one, or choose another with "
            + $"{Setting.Urls.Switch}.",
        SocketException socket =>
            $"It cannot listen on {Addresses(options)}: {socket.Message}. Choose another with {Setting.Urls.Switch}.",
        UnauthorizedAccessException denied =>
            $"The data folder {options.DataFolder} cannot be used: {denied.Message} Give this user the right to write "
            + $"there, or choose another with {Setting.Data.Switch}.",
        IOException trouble =>
            $"{trouble.Message} The data folder is {options.DataFolder}; choose another with {Setting.Data.Switch}.",
        OutOfMemoryException =>
            $"There is not enough memory for what is stored. Give it more ({Setting.Memory.Switch}, or the "
            + "container's limit), then start again; nothing was changed.",
        _ => null,
    };

    /// <summary>The cause inside what hosts wrap around it; the outermost of the kinds that are explained.</summary>
    private static Exception Root(Exception e)
    {
        for (Exception? inner = e; inner is not null; inner = inner.InnerException)
        {
            if (inner is StartException or TlsFileException or ClusterSettingsException or JournalUnavailableException
                or JournalDamagedException or ImageDamagedException or OrleansClusterConnectivityCheckFailedException
                    or DbException or AddressInUseException or SocketException or UnauthorizedAccessException)
            {
                return inner;
            }
        }

        return e;
    }

    private static string Addresses(GrainsOptions options) =>
        string.Join(", ", options.Urls.Select(u => u.GetLeftPart(UriPartial.Authority)));
}
