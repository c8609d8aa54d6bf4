namespace Grains.StateMachines.Batches;

/// <summary>
/// What records may hold. Every server of a cluster writes the level that the cluster's settings name, and reads all up
/// to its own newest: so servers of two versions can run side by side, and one can go back until the level is raised.
/// </summary>
public static class FormatLevels
{
    public const int Oldest = 1;

    public const int Newest = 1;
}

/// <summary>What a command needs of the format.</summary>
/// <param name="Level">At least this one.</param>
/// <param name="What">For which thing, in words.</param>
public readonly record struct FormatNeed(int Level, string? What)
{
    /// <summary>Null: the level will do.</summary>
    public Refused? Refuse(int level) => Level <= level ? null : Refusals.FormatTooOld(What!);
}
