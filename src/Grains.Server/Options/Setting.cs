namespace Grains.Server.Options;

/// <summary>One thing that can be set: <c>--no-sync</c>, <c>GRAINS_NO_SYNC</c>, or <c>Grains:NoSync</c> in appsettings.json.</summary>
/// <param name="Name">As on the command line, without the dashes in front.</param>
/// <param name="Value">What to show for its value in the help; null = a flag, that needs none.</param>
/// <param name="Default">For the help, and where nothing is set.</param>
/// <param name="Help">One line.</param>
internal sealed record Setting(string Name, string? Value, string? Default, string Help)
{
    public static readonly Setting Data = new("data", "FOLDER", "./data", "where everything is kept; one process at a time");
    public static readonly Setting Urls = new("urls", "URL[;URL]", "http://127.0.0.1:7400", "where to listen");
    public static readonly Setting Partitions = new("partitions", "COUNT", null, "fixed at the first start; 64 unless given");
    public static readonly Setting Keys = new("keys", "FILE", null, "API keys; needed beyond loopback");
    public static readonly Setting Insecure = new("insecure", null, "false", "listen beyond loopback without keys");
    public static readonly Setting NoSync = new("no-sync", null, "false", "do not wait for the disk: a power cut LOSES answered writes");
    public static readonly Setting Dashboard = new("dashboard", "true|false", "true", "the Orleans dashboard at /dashboard");
    public static readonly Setting[] All = [Data, Urls, Partitions, Keys, Insecure, NoSync, Dashboard];

    public bool IsFlag => Value is null;

    public string Switch => $"--{Name}";

    public string Variable => $"GRAINS_{Name.Replace('-', '_').ToUpperInvariant()}";

    public string ConfigurationKey => $"Grains:{Name.Replace("-", "", StringComparison.Ordinal)}";
}
