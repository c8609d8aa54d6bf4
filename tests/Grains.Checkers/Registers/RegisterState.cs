namespace Grains.Checkers.Registers;

/// <summary>A key: absent, or a value at a version.</summary>
/// <param name="Value">Null if absent.</param>
/// <param name="Version">0 if absent, or if the answer to its put was lost and nobody has told yet.</param>
/// <param name="NewestVersion">The highest version known so far, deletions survived: a later put is above it.</param>
public readonly record struct RegisterState(string? Value, long Version, long NewestVersion)
{
    public static readonly RegisterState Absent = new(null, 0, 0);

    public bool Exists => Value is not null;

    public override string ToString() =>
        Exists ? $"{Value} v{(Version == 0 ? "?" : Version)}" : $"absent (after v{NewestVersion})";
}
