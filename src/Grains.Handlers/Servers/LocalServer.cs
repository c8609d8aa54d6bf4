using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Grains.Handlers.Servers;

/// <summary>This server: its name, its address in the cluster, and where it listens.</summary>
internal sealed class LocalServer(ILocalSiloDetails silo, HandlerOptions options, IServiceProvider services)
{
    public string Name => silo.Name;

    public SiloAddress SiloAddress => silo.SiloAddress;

    /// <summary>
    /// API, silo and gateway, as they are bound; an address of zeros stands for every one of this machine.
    /// </summary>
    public IEnumerable<IPEndPoint> Listening
    {
        get
        {
            if (!options.IsAlone)
            {
                yield return SiloAddress.Endpoint;
            }

            if (!options.IsAlone && silo.GatewayAddress is { Endpoint.Port: > 0 } gateway)
            {
                yield return gateway.Endpoint;
            }

            foreach (IPEndPoint api in Api())
            {
                yield return api;
            }
        }
    }

    /// <summary>For the other servers, as far as they can tell them apart from their own.</summary>
    public string[] ListeningForOthers => [.. Listening
        .Select(e => IsAny(e.Address) ? new IPEndPoint(SiloAddress.Endpoint.Address, e.Port) : e)
        .Where(e => !IPAddress.IsLoopback(e.Address) || IPAddress.IsLoopback(SiloAddress.Endpoint.Address))
        .Select(e => e.ToString())
        .Distinct()];

    /// <summary>A connection to there ends at a port of this server.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="from">Where the connection comes from, once it is there.</param>
    public bool Is(IPEndPoint to, IPAddress? from) => Listening.Any(e => e.Port == to.Port
        && (Plain(e.Address).Equals(Plain(to.Address))
            || (IsAny(e.Address) && (IPAddress.IsLoopback(to.Address)
                || (from is not null && Plain(from).Equals(Plain(to.Address)))))));

    public static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    /// <summary>Known once the web server listens; a server without one has none.</summary>
    private IEnumerable<IPEndPoint> Api()
    {
        foreach (string address in services.GetService<IServer>()?.Features.Get<IServerAddressesFeature>()?.Addresses
            ?? [])
        {
            BindingAddress bound = BindingAddress.Parse(address);
            if (bound.IsUnixPipe || bound.IsNamedPipe)
            {
                continue;
            }

            if (bound.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            {
                yield return new IPEndPoint(IPAddress.Loopback, bound.Port);
                yield return new IPEndPoint(IPAddress.IPv6Loopback, bound.Port);
            }
            else
            {
                yield return new IPEndPoint(
                    IPAddress.TryParse(bound.Host, out IPAddress? ip) ? ip : IPAddress.IPv6Any, bound.Port);
            }
        }
    }
}
