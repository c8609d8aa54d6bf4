namespace Grains.Postgres.Testing;

/// <summary>How a Postgres of a test's own runs.</summary>
public sealed record PostgresServerOptions
{
    /// <summary>Where everything is kept; null = a temporary folder, removed at the end.</summary>
    public string? Folder { get; init; }

    /// <summary>Where the log is kept, if not in the folder: outside a volume whose power is cut.</summary>
    public string? LogFolder { get; init; }

    /// <summary>Null = a free one.</summary>
    public int? Port { get; init; }

    public string Address { get; init; } = "127.0.0.1";

    /// <summary>A command in front of the server's, such as <c>ip netns exec NAME</c>.</summary>
    public string Inside { get; init; } = "";

    /// <summary>This process cannot reach the address: readiness is asked for with the command in front.</summary>
    public bool ProbeInside { get; init; }

    /// <summary>Lines of postgresql.conf.</summary>
    public string[] Settings { get; init; } = [];
}
