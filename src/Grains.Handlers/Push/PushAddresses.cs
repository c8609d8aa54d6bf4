using System.Net;
using System.Net.Sockets;

namespace Grains.Handlers.Push;

/// <summary>
/// Opens the connections of push requests, to allowed addresses only. What decides is the address that is connected
/// to, not the name that it was found by: a name can resolve to anything, and to something else the next time. Ports of
/// the cluster's own servers are never allowed: what is pushed there would come back as a message, and again.
/// </summary>
/// <param name="allowed">Where requests may go.</param>
/// <param name="isOwn">A connection to there, from there once it is known, ends at a server of the cluster.</param>
/// <param name="resolve">What a name means; null = the system's resolver.</param>
internal sealed class PushAddresses(
    IReadOnlyList<IPNetwork> allowed,
    Func<IPEndPoint, IPAddress?, bool>? isOwn = null,
    Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
{
    public bool Allows(IPAddress address)
    {
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return allowed.Any(n => n.Contains(plain));
    }

    /// <exception cref="PushRefusedException">No address of the host is allowed.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        DnsEndPoint host = context.DnsEndPoint;
        IPAddress[] found = IPAddress.TryParse(host.Host, out IPAddress? literal)
            ? [literal]
            : await (resolve ?? Dns.GetHostAddressesAsync)(host.Host, cancel);
        IPAddress[] open = [.. found.Where(Allows)];
        if (open.Length == 0)
        {
            throw new PushRefusedException(Refusal(host.Host, found));
        }

        SocketException? last = null;
        foreach (IPAddress address in open)
        {
            var to = new IPEndPoint(address, host.Port);
            RefuseOwn(to, from: null);
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(to, cancel);
                RefuseOwn(to, ((IPEndPoint)socket.LocalEndPoint!).Address);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException e)
            {
                socket.Dispose();
                last = e;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw last!;
    }

    private void RefuseOwn(IPEndPoint to, IPAddress? from)
    {
        if (isOwn?.Invoke(to, from) == true)
        {
            throw new PushRefusedException(
                $"{to} is a port of this cluster's own servers, and push requests never go there; "
                + "a message for another node is sent with the commit ('sends')");
        }
    }

    private string Refusal(string host, IPAddress[] found)
    {
        string where = found.Length == 0 ? "no address" : string.Join(", ", found.Select(a => a.ToString()));
        string networks = allowed.Count == 0 ? "none" : string.Join(", ", allowed);
        return $"{host} is {where}, and push requests may go to {networks} only; allow it with --push-to NETWORK";
    }
}

/// <summary>A push request may not go where its URL leads.</summary>
internal sealed class PushRefusedException(string message) : Exception(message);
