using System.Net;
using System.Net.Sockets;
using Grains.Server.Options;

namespace Grains.Server.Cluster;

/// <summary>The address behind <c>--silo</c>: what the others are told, and what is bound.</summary>
internal static class SiloPlace
{
    /// <exception cref="StartException">A name leads to no address.</exception>
    public static async Task<IPEndPoint> FindAsync(DnsEndPoint given, CancellationToken cancel)
    {
        if (IPAddress.TryParse(given.Host, out IPAddress? address))
        {
            return new IPEndPoint(address, given.Port);
        }

        try
        {
            // The shorter form first: a name that leads to both is in most networks reached by it.
            IPAddress[] found = await Dns.GetHostAddressesAsync(given.Host, cancel);
            return found.OrderBy(
                a => a.AddressFamily == AddressFamily.InterNetwork ? 0 : 1).Select(a => new IPEndPoint(a, given.Port))
                .FirstOrDefault() ?? throw new StartException(NoAddress(given, "it has none"));
        }
        catch (SocketException e)
        {
            throw new StartException(NoAddress(given, e.Message), e);
        }
    }

    private static string NoAddress(DnsEndPoint given, string why) =>
        $"The name {given.Host} of {Setting.Silo.Switch} leads to no address: {why}. "
        + "Write the address itself, or mend the name.";
}
