using Grains.Api.Problems;
using Grains.Operations.Errors;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;

namespace Grains.Operations.Syntax;

/// <summary>
/// What a caller says of the version that it knows, as RFC 9110, 13 has it: <c>If-Match</c> first, then
/// <c>If-None-Match</c>; null = it says nothing.
/// </summary>
public readonly record struct Preconditions(VersionTags? Match, VersionTags? NoneMatch)
{
    /// <summary>Of a write; the partition decides.</summary>
    public Condition OfWrite() => (Match, NoneMatch) switch
    {
        (null, null) => Condition.None,
        ({ IsAny: true }, null) => Condition.IfExists,
        ({ Versions: var versions }, null) => VersionIn(versions),
        (null, { IsAny: true }) => Condition.IfAbsent,
        (null, { Versions: var versions }) => new Condition(ConditionKind.VersionNotIn, versions),
        (_, { IsAny: true }) => VersionIn([]),

        // What does not exist has version 0.
        ({ IsAny: true }, { Versions: var versions }) => new Condition(ConditionKind.VersionNotIn, [.. versions, 0]),
        ({ Versions: var wanted }, { Versions: var others }) => VersionIn([.. wanted.Except(others)]),
    };

    /// <summary>Of a read of something that has this version. Null = it may be given.</summary>
    public OperationError? RefuseRead(Revision version) => Match is { } match && !match.Contains(version.Value)
        ? new OperationError(
            ProblemCode.VersionMismatch, $"It has version {version.Value}, which If-Match does not name.")
        {
            Current = version.Value,
        }
        : null;

    /// <summary>The reader has this version, and wants another.</summary>
    public bool Knows(Revision version) => NoneMatch is { } noneMatch && noneMatch.Contains(version.Value);

    /// <summary>
    /// A condition is passed over where the answer without it is no success (13.2.1): what is not there cannot be
    /// deleted.
    /// </summary>
    public static OperationError OfDelete(OperationError error, ProblemCode notFound, string what) =>
        error is { Code: ProblemCode.VersionMismatch, Current: 0 }
            ? new OperationError(notFound, $"There is no such {what}; nothing was deleted.")
            : error;

    private static Condition VersionIn(long[] versions) => new(ConditionKind.VersionIn, versions);
}

/// <summary>Versions that a condition names.</summary>
/// <param name="IsAny"><c>*</c>: whichever it is.</param>
/// <param name="Versions">Those that could be ours; a tag that never was one is equal to none.</param>
public readonly record struct VersionTags(bool IsAny, long[] Versions)
{
    public bool Contains(long version) => IsAny || Versions.Contains(version);
}
