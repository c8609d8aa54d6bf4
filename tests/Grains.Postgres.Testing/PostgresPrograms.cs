namespace Grains.Postgres.Testing;

/// <summary>
/// Where the programs of Postgres are. Root of a Debian machine without them gets them installed, once.
/// </summary>
public static class PostgresPrograms
{
    private static readonly Lazy<string> _folder = new(FindOrInstall);

    /// <exception cref="InvalidOperationException">They are not there and cannot be installed; it says what to
    /// do.</exception>
    public static string Folder => _folder.Value;

    public static string Path(string program) => System.IO.Path.Combine(Folder, program);

    private static string FindOrInstall()
    {
        if (Find() is { } found)
        {
            return found;
        }

        DebianPackages.TryInstall("postgresql", program: "initdb");
        return Find() ?? throw new InvalidOperationException(
            "Postgres is not installed. Install it (Debian: apt-get install postgresql), or put initdb and postgres "
            + "on the PATH.");
    }

    private static string? Find()
    {
        const string debian = "/usr/lib/postgresql";
        IEnumerable<string> versions = Directory.Exists(debian)
            ? Directory.GetDirectories(debian).OrderByDescending(
                d => int.TryParse(System.IO.Path.GetFileName(d), out int v) ? v : 0)
            : [];
        string[] path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator);
        return versions.Select(v => System.IO.Path.Combine(v, "bin")).Concat(path)
            .FirstOrDefault(
                f => File.Exists(System.IO.Path.Combine(f, "initdb"))
                    && File.Exists(System.IO.Path.Combine(f, "postgres")));
    }
}
