using Grains.Api.Problems;
using Grains.Operations.Errors;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;

namespace Grains.Operations.Syntax;

/// <summary>How fresh a caller wants a read.</summary>
/// <param name="Level">Linearizable unless something else is said.</param>
/// <param name="At">For a session: as far as the caller has seen.</param>
public readonly record struct RequestedConsistency(ConsistencyLevel Level, Position At)
{
    private static readonly string[] _names = ["linearizable", "session", "stale"];

    /// <summary>The newest is not asked for, so what is known of declarations may be old too.</summary>
    public bool MayBeStale => Level != ConsistencyLevel.Linearizable;

    public string Name => _names[(int)Level];

    /// <param name="read">A level's name; null = linearizable.</param>
    /// <param name="at">With <c>session</c>: a position as an earlier answer gave it.</param>
    public static Result<RequestedConsistency> Parse(string? read, string? at)
    {
        int level = Array.IndexOf(_names, read ?? _names[0]);
        if (level < 0)
        {
            return new OperationError(ProblemCode.BadParameter, $"'read' must be one of: {string.Join(", ", _names)}.");
        }

        Position position = default;
        if ((ConsistencyLevel)level == ConsistencyLevel.Session
            ? at is null || !Position.TryParse(at, out position)
            : at is not null)
        {
            return new OperationError(
                ProblemCode.BadParameter,
                "'at' goes with read=session, and is a position as an earlier answer gave it.");
        }

        return new RequestedConsistency((ConsistencyLevel)level, position);
    }

    /// <summary>
    /// The same for one of the partitions that a request reads: a position binds its own partition only.
    /// </summary>
    public ReadConsistency For(PartitionId partition) => Level switch
    {
        ConsistencyLevel.Session when At.Partition == partition =>
            new ReadConsistency(ConsistencyLevel.Session, At.Incarnation, At.Revision),
        ConsistencyLevel.Linearizable => default,
        _ => ReadConsistency.Stale,
    };
}
