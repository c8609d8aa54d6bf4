using Grains.Api.Problems;
using Grains.FrontEnd.Problems;
using Grains.Operations.Syntax;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Grains.FrontEnd.Requests;

/// <summary>
/// Conditional requests of keys and states, as RFC 9110, 13 has them: <c>If-Match</c> with strong comparison,
/// <c>If-None-Match</c> with weak. Conditions on times are passed over: nothing here has a time of its last change.
/// </summary>
internal static class Conditions
{
    /// <summary>Of a write; the partition decides.</summary>
    public static Condition OfWrite(HttpContext http) => Read(http).OfWrite();

    /// <summary>Checked before what is read is.</summary>
    public static Preconditions Read(HttpContext http)
    {
        IHeaderDictionary headers = http.Request.Headers;
        StringValues match = headers.IfMatch;
        StringValues noneMatch = headers.IfNoneMatch;
        return new Preconditions(
            match.Count == 0 ? null : EntityTags.Read(match, "If-Match", areWeakOnesEqual: false, Refuse),
            noneMatch.Count == 0 ? null : EntityTags.Read(noneMatch, "If-None-Match", areWeakOnesEqual: true, Refuse));
    }

    /// <summary>
    /// Of a read of something that exists. True: the answer is made, 304. The headers of a 200 are set before.
    /// </summary>
    /// <exception cref="RequestRefusedException">412.</exception>
    public static bool EndsIn(this Preconditions conditions, HttpContext http, Revision version)
    {
        if (conditions.RefuseRead(version) is { } refused)
        {
            throw new RequestRefusedException(refused);
        }

        bool isKnown = conditions.Knows(version);
        if (isKnown)
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
        }

        return isKnown;
    }

    private static RequestRefusedException Refuse(string detail) => new(ProblemCode.BadHeader, detail);
}
