using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Grains.Server.Options;

/// <summary>Addresses that only this machine reaches.</summary>
internal static class Loopback
{
    /// <param name="host">A name or an address, of version 6 also in brackets.</param>
    public static bool Is(string host) =>
        host == "localhost"
        || (TryAddress(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));

    /// <summary>
    /// An address as it is written: four decimal numbers, or version 6. Not <c>127.1</c>, <c>0x7f.1</c> or <c>1</c>.
    /// </summary>
    public static bool TryAddress(string text, [NotNullWhen(true)] out IPAddress? address) =>
        IPAddress.TryParse(text, out address)
        && (address.AddressFamily != AddressFamily.InterNetwork || address.ToString() == text);
}
