using System.Net;
using System.Net.Sockets;
using Grains.Server.Options;

namespace Grains.Server;

/// <summary>
/// Looks whether an address is free before any data is touched; the servers inside say so only once the silo runs.
/// </summary>
internal static class AddressProbe
{
    /// <exception cref="SocketException">Somebody else listens there, or this machine has no such address.</exception>
    public static void Check(IEnumerable<Uri> urls)
    {
        foreach (Uri url in urls)
        {
            IPAddress address = url.Host == "localhost" ? IPAddress.Loopback
                : IPAddress.TryParse(url.Host.Trim('[', ']'), out IPAddress? given) ? given : IPAddress.Any;
            Bind(new IPEndPoint(address, url.Port));
        }
    }

    /// <summary>The same for where other servers reach this one.</summary>
    /// <exception cref="StartException">Somebody else listens there, or this machine has no such address.</exception>
    public static void Check(IPEndPoint silo) => Check(silo, Setting.Silo);

    /// <summary>The same for where Redis clients connect, if somebody said where.</summary>
    /// <exception cref="StartException">Somebody else listens there, or this machine has no such address.</exception>
    public static void CheckResp(GrainsOptions options)
    {
        if (options.Resp is { IsOptional: false } resp)
        {
            Check(resp.Address, Setting.Resp);
        }
    }

    private static void Check(IPEndPoint place, Setting setting)
    {
        try
        {
            Bind(place);
        }
        catch (SocketException e)
        {
            throw new StartException(
                e.SocketErrorCode == SocketError.AddressAlreadyInUse
                    ? $"{place} is in use by another process. Stop that one, or choose another with {setting.Switch}."
                    : $"It cannot listen on {place}: {e.Message}. Write an address of this machine in "
                        + $"{setting.Switch}.",
                e);
        }
    }

    private static void Bind(IPEndPoint place)
    {
        using var socket = new Socket(place.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (!OperatingSystem.IsWindows())
        {
            // As the web server does: a port in TIME_WAIT is free.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        }

        socket.Bind(place);
        socket.Listen(1);
    }
}
