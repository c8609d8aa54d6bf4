using System.Net;
using System.Net.Sockets;

namespace Grains.Samples.WordCount;

/// <summary>
/// A port for a server that is killed and started again on it. Not one that the system hands out by itself: while the
/// server is down another connection could get it as its own end, even one that tries to reach the server.
/// </summary>
internal static class FreePort
{
    private const int _first = 15_000;
    private const int _last = 32_000;
    private const int _triesMax = 100;

    public static int Find()
    {
        for (int i = 0; i < _triesMax; i++)
        {
            int port = Random.Shared.Next(_first, _last);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Somebody else has it; the next one.
            }
        }

        throw new WordCountException($"No free port found between {_first} and {_last}.");
    }
}
