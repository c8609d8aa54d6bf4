namespace Grains.StateMachines.Batches;

/// <summary>The forms of <c>If-Match</c> and <c>If-None-Match</c>.</summary>
public enum ConditionKind
{
    Always = 0,

    /// <summary><c>If-None-Match: *</c></summary>
    Absent = 1,

    /// <summary><c>If-Match: *</c></summary>
    Exists = 2,

    /// <summary><c>If-Match: "1", "2"</c></summary>
    VersionIn = 3,

    /// <summary><c>If-None-Match: "1", "2"</c></summary>
    VersionNotIn = 4,
}
