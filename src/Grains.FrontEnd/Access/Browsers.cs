using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Grains.FrontEnd.Access;

/// <summary>
/// What a browser says of the page that a request comes from. A program says nothing of it, and is not meant.
/// </summary>
public static class Browsers
{
    /// <summary>
    /// True for a request that a page of another site makes: <c>Sec-Fetch-Site</c> says so (another port of this
    /// machine is <c>same-site</c>, and another site all the same), or <c>Origin</c> is not the scheme and host that
    /// were asked for.
    /// </summary>
    /// <param name="http">The request.</param>
    /// <param name="mayBehindTls">Who stands before the server may speak TLS: its pages have the scheme https.</param>
    public static bool IsFromElsewhere(HttpContext http, bool mayBehindTls)
    {
        IHeaderDictionary headers = http.Request.Headers;
        StringValues site = headers["Sec-Fetch-Site"];
        StringValues origin = headers.Origin;
        return (site.Count > 0 && site is not ["same-origin"] and not ["none"])
            || (origin.Count > 0 && !(origin is [{ } one] && IsOwn(one, http.Request, mayBehindTls)));
    }

    /// <summary>
    /// Somebody follows a link to here, or types it: what comes is shown, and nothing of it goes to the page before.
    /// </summary>
    public static bool IsNavigation(HttpContext http) =>
        HttpMethods.IsGet(http.Request.Method)
        && http.Request.Headers["Sec-Fetch-Mode"] is ["navigate"]
        && http.Request.Headers["Sec-Fetch-Dest"] is ["document"];

    /// <summary>
    /// True for a <c>Host</c> that is localhost or a loopback address, written as usual: no other name can be made to
    /// resolve to this machine.
    /// </summary>
    public static bool AsksForThisMachine(HttpContext http)
    {
        string host = http.Request.Headers.Host.ToString();
        if (host is "127.0.0.1" or "localhost" || host.StartsWith("127.0.0.1:", StringComparison.Ordinal)
            || host.StartsWith("localhost:", StringComparison.Ordinal))
        {
            return true;
        }

        string name = new HostString(host).Host;
        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(name, out IPAddress? address) && IPAddress.IsLoopback(address)
                && (address.AddressFamily != AddressFamily.InterNetwork || address.ToString() == name));
    }

    private static bool IsOwn(ReadOnlySpan<char> origin, HttpRequest request, bool mayBehindTls)
    {
        ReadOnlySpan<char> host = request.Headers.Host.ToString();
        return IsOrigin(origin, request.Scheme, host, request.IsHttps ? ":443" : ":80")
            || (mayBehindTls && IsOrigin(origin, "https", host, ":443"));
    }

    /// <summary><c>scheme://host</c>, the scheme's own port said or not, on either side.</summary>
    private static bool IsOrigin(
        ReadOnlySpan<char> origin, ReadOnlySpan<char> scheme, ReadOnlySpan<char> host, ReadOnlySpan<char> port)
    {
        if (host.Length == 0 || !origin.StartsWith(scheme, StringComparison.Ordinal)
            || !origin[scheme.Length..].StartsWith("://"))
        {
            return false;
        }

        ReadOnlySpan<char> from = origin[(scheme.Length + 3)..];
        return Without(from, port).Equals(Without(host, port), StringComparison.OrdinalIgnoreCase);
    }

    private static ReadOnlySpan<char> Without(ReadOnlySpan<char> host, ReadOnlySpan<char> port) =>
        host.EndsWith(port) ? host[..^port.Length] : host;
}
