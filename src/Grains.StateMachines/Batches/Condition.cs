using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Batches;

/// <summary>What must hold of the present version, of a key or of a node's state, for a write to happen.</summary>
/// <param name="Versions">For <see cref="ConditionKind.VersionIn"/> and
/// <see cref="ConditionKind.VersionNotIn"/>.</param>
[GenerateSerializer, Immutable, Alias("grains.condition")]
public readonly record struct Condition([property: Id(0)] ConditionKind Kind, [property: Id(1)] long[]? Versions = null)
{
    public static readonly Condition None;

    public static Condition IfVersion(Revision version) => new(ConditionKind.VersionIn, [version.Value]);

    public static Condition IfAbsent => new(ConditionKind.Absent);

    public static Condition IfExists => new(ConditionKind.Exists);

    /// <param name="current">The present version; <see cref="Revision.None"/> if there is nothing.</param>
    public bool Holds(Revision current) => Kind switch
    {
        ConditionKind.Always => true,
        ConditionKind.Absent => current == Revision.None,
        ConditionKind.Exists => current != Revision.None,
        ConditionKind.VersionIn => current != Revision.None && Versions!.Contains(current.Value),
        ConditionKind.VersionNotIn => !Versions!.Contains(current.Value),
        _ => throw new InvalidOperationException($"Unknown condition {Kind}."),
    };
}
