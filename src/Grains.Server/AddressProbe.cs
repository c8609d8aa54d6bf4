using System.Net;
using System.Net.Sockets;

namespace Grains.Server;

/// <summary>Looks whether an address is free before any data is touched; the web server says so only after the silo runs.</summary>
internal static class AddressProbe
{
    /// <exception cref="SocketException">Somebody else listens there, or this machine has no such address.</exception>
    public static void Check(IEnumerable<Uri> urls)
    {
        foreach (Uri url in urls)
        {
            IPAddress address = url.Host == "localhost" ? IPAddress.Loopback
                : IPAddress.TryParse(url.Host.Trim('[', ']'), out IPAddress? given) ? given : IPAddress.Any;
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (!OperatingSystem.IsWindows())
            {
                // As the web server does: a port in TIME_WAIT is free.
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            }

            socket.Bind(new IPEndPoint(address, url.Port));
            socket.Listen(1);
        }
    }
}
