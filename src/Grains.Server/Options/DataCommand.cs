namespace Grains.Server.Options;

/// <summary>What the program is to do with data, instead of serving it.</summary>
internal abstract record DataCommand
{
    private DataCommand()
    {
    }

    /// <summary><c>backup verify FILE</c>: reads a backup through.</summary>
    public sealed record Verify(string File) : DataCommand;

    /// <summary><c>restore FILE</c>: into the place that the other options name.</summary>
    public sealed record Restore(string File) : DataCommand;

    /// <summary><c>migrate --from FOLDER</c>: a stopped server's folder into Postgres.</summary>
    public sealed record Migrate(string Folder) : DataCommand;
}
