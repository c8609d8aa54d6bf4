using Grains.Api.Problems;
using Grains.FrontEnd.Problems;
using Grains.Operations.Errors;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Grains.FrontEnd.Requests;

/// <summary>
/// Conditional requests of keys and states, as RFC 9110, 13 has them: <c>If-Match</c> first, with strong comparison,
/// then <c>If-None-Match</c>, with weak. Conditions on times are passed over: nothing here has a time of its last
/// change.
/// </summary>
internal static class Conditions
{
    /// <summary>Of a write; the partition decides.</summary>
    public static Condition OfWrite(HttpContext http)
    {
        (EntityTags? match, EntityTags? noneMatch) = Read(http);
        return (match, noneMatch) switch
        {
            (null, null) => Condition.None,
            ({ IsAny: true }, null) => Condition.IfExists,
            ({ Versions: var versions }, null) => VersionIn(versions),
            (null, { IsAny: true }) => Condition.IfAbsent,
            (null, { Versions: var versions }) => new Condition(ConditionKind.VersionNotIn, versions),
            (_, { IsAny: true }) => VersionIn([]),

            // What does not exist has version 0.
            ({ IsAny: true }, { Versions: var versions }) =>
                new Condition(ConditionKind.VersionNotIn, [.. versions, 0]),
            ({ Versions: var wanted }, { Versions: var others }) => VersionIn([.. wanted.Except(others)]),
        };
    }

    /// <summary>Of a read of something that exists: 200, 304 or 412. The two are checked before the read.</summary>
    public readonly record struct OfRead(EntityTags? Match, EntityTags? NoneMatch)
    {
        public static OfRead Of(HttpContext http)
        {
            (EntityTags? match, EntityTags? noneMatch) = Read(http);
            return new OfRead(match, noneMatch);
        }

        /// <summary>True: the answer is made, 304 or 412. The headers of a 200 are set before.</summary>
        public bool EndsIn(HttpContext http, Revision version)
        {
            if (Match is { } match && !match.Contains(version.Value))
            {
                throw new RequestRefusedException(
                    new OperationError(
                        ProblemCode.VersionMismatch, $"It has version {version.Value}, which If-Match does not name.")
                    {
                        Current = version.Value,
                    });
            }

            bool isKnown = NoneMatch is { } noneMatch && noneMatch.Contains(version.Value);
            if (isKnown)
            {
                http.Response.StatusCode = StatusCodes.Status304NotModified;
            }

            return isKnown;
        }
    }

    /// <summary>
    /// A condition is passed over where the answer without it is no success (13.2.1): what is not there cannot be
    /// deleted.
    /// </summary>
    public static OperationError OfDelete(OperationError error, ProblemCode notFound, string what) =>
        error is { Code: ProblemCode.VersionMismatch, Current: 0 }
            ? new OperationError(notFound, $"There is no such {what}; nothing was deleted.")
            : error;

    private static (EntityTags? Match, EntityTags? NoneMatch) Read(HttpContext http)
    {
        StringValues match = http.Request.Headers.IfMatch;
        StringValues noneMatch = http.Request.Headers.IfNoneMatch;
        return (
            match.Count == 0 ? null : EntityTags.Read(match, "If-Match", areWeakOnesEqual: false, Refuse),
            noneMatch.Count == 0 ? null : EntityTags.Read(noneMatch, "If-None-Match", areWeakOnesEqual: true, Refuse));
    }

    private static Condition VersionIn(long[] versions) => new(ConditionKind.VersionIn, versions);

    private static RequestRefusedException Refuse(string detail) => new(ProblemCode.BadHeader, detail);
}
