namespace Grains.Journal.Postgres.Sessions;

/// <summary>
/// What a connection is for; a part of its application_name, by which a new owner knows whom it may end.
/// </summary>
internal enum SessionRole
{
    Append,
    Confirm,
    Acquire,
    Keep,
    Read,
    Export,
    Import,
}

/// <summary>application_name = grains/ROLE/LIFE/SERVER, of which Postgres keeps 63 bytes.</summary>
internal static class ApplicationName
{
    public const string Prefix = "grains/";
    private const int _bytesMax = 63;

    /// <param name="role">What the connection is for.</param>
    /// <param name="life">Tells this process from its earlier ones.</param>
    /// <param name="server">The server's name; what does not fit is cut.</param>
    public static string Of(SessionRole role, string life, string server)
    {
        string ascii =
            string.Concat(server.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '?'));
        string name = $"{PrefixOf(role)}{life}/{ascii}";
        return name.Length <= _bytesMax ? name : name[.._bytesMax];
    }

    public static string PrefixOf(SessionRole role) => $"{Prefix}{role.ToString().ToLowerInvariant()}/";
}
