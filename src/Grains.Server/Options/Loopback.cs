using System.Net;

namespace Grains.Server.Options;

/// <summary>Addresses that only this machine reaches.</summary>
internal static class Loopback
{
    /// <param name="host">A name or an address, of version 6 also in brackets.</param>
    public static bool Is(string host) =>
        host == "localhost"
        || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));
}
