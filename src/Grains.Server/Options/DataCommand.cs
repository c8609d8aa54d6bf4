namespace Grains.Server.Options;

/// <summary>What the program is to do with data or keys, instead of serving.</summary>
internal abstract record DataCommand
{
    private DataCommand()
    {
    }

    /// <summary><c>backup verify FILE</c>: reads a backup through.</summary>
    public sealed record Verify(string File) : DataCommand;

    /// <summary>
    /// <c>restore FILE</c>: into the place that the other options name. Unless live, push and timers wait for a person
    /// there.
    /// </summary>
    public sealed record Restore(string File, bool IsLive) : DataCommand;

    /// <summary><c>migrate --from FOLDER</c>: a stopped server's folder into Postgres.</summary>
    public sealed record Migrate(string Folder) : DataCommand;

    /// <summary><c>hash-key NAME PERMISSION [EXPIRY]</c>: the line of a keys file for a key.</summary>
    public sealed record HashKey(string Name, string Permission, string? Expiry) : DataCommand;
}
