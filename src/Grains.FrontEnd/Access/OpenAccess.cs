using System.Net;
using Grains.Api.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Grains.FrontEnd.Access;

/// <summary>
/// Without keys everyone who reaches the address may do everything, but not a page of another site in somebody's
/// browser: neither by a request across sites (<c>Origin</c>) nor, on loopback, by a name of its own that it lets
/// resolve to this address (<c>Host</c>).
/// </summary>
internal sealed class OpenAccess(bool anyHost) : IAccessPolicy
{
    private static readonly AccessRefusal _foreignHost = new(ProblemCode.Forbidden,
        "A server without keys answers only to localhost and loopback addresses as Host; configure keys, or start it with --insecure.");

    private static readonly AccessRefusal _foreignOrigin = new(ProblemCode.Forbidden,
        "A server without keys takes no requests from pages of other sites (Origin); configure keys.");

    public AccessRefusal? Refuse(HttpContext http, Permission needed)
    {
        string host = http.Request.Headers.Host.ToString();
        if (!anyHost && !IsLoopback(host))
        {
            return _foreignHost;
        }

        StringValues origin = http.Request.Headers.Origin;
        return origin.Count == 0 || IsOwn(origin.ToString(), host) ? null : _foreignOrigin;
    }

    private static bool IsOwn(ReadOnlySpan<char> origin, ReadOnlySpan<char> host)
    {
        int scheme = origin.IndexOf("://");
        return scheme > 0 && origin[(scheme + 3)..].Equals(host, StringComparison.OrdinalIgnoreCase);
    }

    private static bool IsLoopback(string host)
    {
        if (host.StartsWith("127.0.0.1:", StringComparison.Ordinal) || host.StartsWith("localhost:", StringComparison.Ordinal))
        {
            return true;
        }

        string name = new HostString(host).Host;
        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(name, out IPAddress? address) && IPAddress.IsLoopback(address));
    }
}
