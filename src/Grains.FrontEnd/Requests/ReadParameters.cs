using Grains.FrontEnd.Problems;
using Grains.Operations.Syntax;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Requests;

/// <summary>
/// How fresh a caller wants a read: <c>?read=linearizable</c> (also where nothing is said),
/// <c>?read=session&amp;at=…</c> or <c>?read=stale</c>. The answer names what it got in a header.
/// </summary>
internal static class ReadParameters
{
    public const string Header = "Grains-Read";

    /// <summary>Names of the query parameters, for a route that takes them.</summary>
    public const string Read = "read";

    /// <inheritdoc cref="Read"/>
    public const string Since = "at";

    /// <summary>For a route that takes no other parameters.</summary>
    public static RequestedConsistency Of(HttpContext http) => Of(http, Query.Of(http, Read, Since));

    /// <exception cref="Problems.RequestRefusedException"><c>bad-parameter</c>.</exception>
    public static RequestedConsistency Of(HttpContext http, Query query)
    {
        RequestedConsistency consistency = RequestedConsistency.Parse(query.Text(Read), query.Text(Since)).OrRefuse();
        http.Response.Headers[Header] = consistency.Name;
        return consistency;
    }
}
