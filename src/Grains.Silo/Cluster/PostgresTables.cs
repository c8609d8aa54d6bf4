namespace Grains.Silo.Cluster;

/// <summary>The tables and queries of Orleans on Postgres, as a script that may run again.</summary>
public static class PostgresTables
{
    /// <summary>Under which the script is remembered in the schema.</summary>
    public const string Name = "orleans";

    /// <summary>One more with each change of the script.</summary>
    public const int Version = 1;

    private const string _resource = "Grains.Silo.Cluster.PostgresTables.sql";

    public static string Script { get; } = Read();

    private static string Read()
    {
        using Stream script = typeof(PostgresTables).Assembly.GetManifestResourceStream(_resource)
            ?? throw new InvalidOperationException($"The resource {_resource} is missing from the build.");
        using var reader = new StreamReader(script);
        return reader.ReadToEnd();
    }
}
