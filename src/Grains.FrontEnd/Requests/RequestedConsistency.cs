using Grains.Api.Problems;
using Grains.FrontEnd.Problems;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Requests;

/// <summary>
/// How fresh a caller wants a read: <c>?read=linearizable</c> (also where nothing is said), <c>?read=session&amp;at=…</c>
/// or <c>?read=stale</c>. The answer names what it got in a header.
/// </summary>
internal readonly record struct RequestedConsistency(ConsistencyLevel Level, Position At)
{
    public const string Header = "Grains-Read";

    /// <summary>Names of the query parameters, for a route that takes them.</summary>
    public const string Read = "read";

    /// <inheritdoc cref="Read"/>
    public const string Since = "at";

    private static readonly string[] _names = ["linearizable", "session", "stale"];

    /// <summary>The newest is not asked for, so what is known of declarations may be old too.</summary>
    public bool MayBeStale => Level != ConsistencyLevel.Linearizable;

    /// <exception cref="RequestRefusedException"><c>bad-parameter</c>.</exception>
    public static RequestedConsistency Of(HttpContext http, Query query)
    {
        string name = query.Text(Read) ?? _names[0];
        string? at = query.Text(Since);
        int level = Array.IndexOf(_names, name);
        if (level < 0)
        {
            throw Refuse($"'{Read}' must be one of: {string.Join(", ", _names)}.");
        }

        Position position = default;
        if ((ConsistencyLevel)level == ConsistencyLevel.Session ? at is null || !Position.TryParse(at, out position) : at is not null)
        {
            throw Refuse($"'{Since}' goes with {Read}=session, and is a position as an earlier answer gave it.");
        }

        http.Response.Headers[Header] = name;
        return new RequestedConsistency((ConsistencyLevel)level, position);
    }

    /// <summary>The same for one of the partitions that a request reads: a position binds its own partition only.</summary>
    public ReadConsistency For(PartitionId partition) => Level switch
    {
        ConsistencyLevel.Session when At.Partition == partition => new ReadConsistency(ConsistencyLevel.Session, At.Incarnation, At.Revision),
        ConsistencyLevel.Linearizable => default,
        _ => ReadConsistency.Stale,
    };

    private static RequestRefusedException Refuse(string detail) => new(ProblemCode.BadParameter, detail);
}
