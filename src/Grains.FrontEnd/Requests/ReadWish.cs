using Grains.Api.Problems;
using Grains.FrontEnd.Problems;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Partitions;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Requests;

/// <summary>
/// How fresh a caller wants a read: <c>?read=linearizable</c> (also where nothing is said), <c>?read=session&amp;at=…</c>
/// or <c>?read=stale</c>. The answer names what it got in a header.
/// </summary>
internal readonly record struct ReadWish(ReadKind Kind, Position At)
{
    public const string Header = "Grains-Read";

    /// <summary>Names of the query parameters, for a route that takes them.</summary>
    public const string Read = "read";

    /// <inheritdoc cref="Read"/>
    public const string Since = "at";

    private static readonly string[] _names = ["linearizable", "session", "stale"];

    /// <summary>The newest is not asked for, so what is known of declarations may be old too.</summary>
    public bool IsPast => Kind != ReadKind.Linearizable;

    /// <exception cref="RequestRefusedException"><c>bad-parameter</c>.</exception>
    public static ReadWish Of(HttpContext http, Query query)
    {
        string name = query.Text(Read) ?? _names[0];
        string? at = query.Text(Since);
        int kind = Array.IndexOf(_names, name);
        if (kind < 0)
        {
            throw Refuse($"'{Read}' must be one of: {string.Join(", ", _names)}.");
        }

        Position position = default;
        if ((ReadKind)kind == ReadKind.Session ? at is null || !Position.TryParse(at, out position) : at is not null)
        {
            throw Refuse($"'{Since}' goes with {Read}=session, and is a position as an earlier answer gave it.");
        }

        http.Response.Headers[Header] = name;
        return new ReadWish((ReadKind)kind, position);
    }

    /// <summary>The same for one of the partitions that a request reads: a position binds its own partition only.</summary>
    public ReadChoice For(PartitionId partition) => Kind switch
    {
        ReadKind.Session when At.Partition == partition => new ReadChoice(ReadKind.Session, At.Incarnation, At.Revision),
        ReadKind.Linearizable => default,
        _ => ReadChoice.Stale,
    };

    private static RequestRefusedException Refuse(string detail) => new(ProblemCode.BadParameter, detail);
}
