namespace Grains.Server;

/// <summary>
/// Settings of the hosts that the program is built on. They are not read: they could open an address that nothing
/// checked, show what goes on inside, or load code. Who set one meant something by it, and is told.
/// </summary>
internal static class ForeignSettings
{
    private static readonly string[] _prefixes =
    [
        "ASPNETCORE_", "Kestrel__", "Logging__", "AllowedHosts", "Orleans__", "Grains__"
    ];

    /// <summary>Those of the generic host; the runtime has its own under the same prefix, and these work.</summary>
    private static readonly string[] _names =
    [
        "URLS", "DOTNET_ENVIRONMENT", "DOTNET_URLS", "DOTNET_HTTP_PORTS", "DOTNET_HTTPS_PORTS", "DOTNET_CONTENTROOT",
        "DOTNET_HOSTINGSTARTUPASSEMBLIES", "DOTNET_SHUTDOWNTIMEOUTSECONDS", "DOTNET_APPLICATIONNAME",
    ];

    /// <summary>Names alone: values may be secret.</summary>
    /// <returns>Null: there are none.</returns>
    public static string? Warn(IEnumerable<KeyValuePair<string, string?>> environment, string folder)
    {
        string[] found =
        [
            .. environment.Where(v => !string.IsNullOrEmpty(v.Value) && IsForeign(v.Key)).Select(v => v.Key)
                .Order(StringComparer.Ordinal),
            .. File.Exists(Path.Combine(folder, "appsettings.json"))
            ? [Path.Combine(folder, "appsettings.json")]
            : (string[])[],
        ];
        return found.Length == 0 ? null
            : $"Not read, because only the settings of --help are: {string.Join(", ", found)}.";
    }

    private static bool IsForeign(string name) =>
        _prefixes.Any(p => name.StartsWith(p, StringComparison.OrdinalIgnoreCase))
        || _names.Contains(name, StringComparer.OrdinalIgnoreCase);
}
