namespace Grains.Silo.Cluster;

/// <summary>The tables and queries of Orleans on Postgres, in the steps by which they came to be.</summary>
public static class PostgresTables
{
    /// <summary>Under which the steps are remembered in the schema.</summary>
    public const string Name = "orleans";

    /// <summary>
    /// The first makes them, each further one changes what the one before left. None is ever changed.
    /// </summary>
    public static IReadOnlyList<string> Steps { get; } = [Read(1), Read(2)];

    private static string Read(int step)
    {
        string resource = $"Grains.Silo.Cluster.orleans-{step}.sql";
        using Stream script = typeof(PostgresTables).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The resource {resource} is missing from the build.");
        using var reader = new StreamReader(script);
        return reader.ReadToEnd();
    }
}
