namespace Grains.Journal.Postgres;

/// <summary>
/// One step of a part's tables: version 1 makes them, each further one changes what the one before left.
/// </summary>
/// <param name="Name">The part: "journal".</param>
/// <param name="Version">From 1, without gaps; recorded when it was applied.</param>
/// <param name="Sql">Runs once, in a transaction, with the schema as the only search path; names no schema.</param>
public sealed record SchemaScript(string Name, int Version, string Sql)
{
    /// <summary>A script that is a resource of the caller's assembly.</summary>
    internal static SchemaScript Embedded(string name, int version)
    {
        string resource = $"{name}-{version}.sql";
        using Stream stream = typeof(SchemaScript).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The resource {resource} is missing from the assembly.");
        using StreamReader reader = new(stream);
        return new SchemaScript(name, version, reader.ReadToEnd());
    }
}
