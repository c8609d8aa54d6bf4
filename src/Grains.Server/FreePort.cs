using System.Net;
using System.Net.Sockets;

namespace Grains.Server;

/// <summary>A loopback port that nobody listens on, so that two servers on one machine need no agreement.</summary>
internal static class FreePort
{
    public static int Find()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
