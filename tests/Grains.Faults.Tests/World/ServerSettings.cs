namespace Grains.Faults.Tests.World;

/// <summary>How a server is started, the first time and after every fault.</summary>
/// <param name="Name">In complaints, and in the cluster.</param>
internal sealed record ServerSettings(string Name, Uri Url, string LogPath)
{
    public const int Partitions = 64;

    /// <summary>Of the server's command line.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>A command in front of the server's own, to run it in a namespace; it must become the server.</summary>
    public IReadOnlyList<string> Inside { get; init; } = [];

    /// <summary>A server that needs nothing but a folder.</summary>
    /// <param name="sync">False: the server is told to skip fsync, so that a power cut must lose something.</param>
    public static ServerSettings Embedded(string dataFolder, string logPath, bool sync = true)
    {
        var url = new Uri($"http://127.0.0.1:{FreePort.Find()}");
        return new ServerSettings("the server", url, logPath)
        {
            Arguments = [.. Common(url), "--data", dataFolder, .. sync ? Array.Empty<string>() : ["--no-sync"]],
        };
    }

    private static string[] Common(Uri url) => ["--urls", url.ToString().TrimEnd('/'), "--partitions", $"{Partitions}"];
}
