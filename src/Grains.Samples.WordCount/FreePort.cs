using System.Net;
using System.Net.Sockets;

namespace Grains;

/// <summary>
/// A loopback port that nobody listens on, so that two servers on one machine need no agreement. Of a range that
/// systems do not draw from for outgoing connections: one of those could take it in the moment before it is listened
/// on.
/// </summary>
internal static class FreePort
{
    private const int _first = 10_000;
    private const int _last = 32_000;
    private const int _triesMax = 100;

    public static int Find()
    {
        for (int i = 0; i < _triesMax; i++)
        {
            var place = new IPEndPoint(IPAddress.Loopback, Random.Shared.Next(_first, _last));
            try
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(place);
                return place.Port;
            }
            catch (SocketException e)
                when (e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                // Somebody else has it; the next one.
            }
        }

        throw new InvalidOperationException(
            $"No free port was found from {_first} to {_last} on {IPAddress.Loopback}.");
    }
}
