using System.Net;

namespace Grains.Faults.Tests.World;

/// <summary>How a server is started, the first time and after every fault.</summary>
/// <param name="Name">In complaints, and in the cluster.</param>
internal sealed record ServerSettings(string Name, Uri Url, string LogPath)
{
    public const int Partitions = 64;

    /// <summary>Of the server's command line.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>The program that is run.</summary>
    public string Program { get; init; } = Programs.Server;

    /// <summary>Where on a network it runs; null = as this process does.</summary>
    public NetworkEnd? End { get; init; }

    /// <summary>Where clients of Redis connect; null = nowhere.</summary>
    public IPEndPoint? Redis { get; init; }

    /// <summary>A server that needs nothing but a folder.</summary>
    /// <param name="sync">False: the server is told to skip fsync, so that a power cut must lose something.</param>
    public static ServerSettings Embedded(string dataFolder, string logPath, bool sync = true)
    {
        var url = new Uri($"http://127.0.0.1:{FreePort.Find()}");
        var redis = new IPEndPoint(IPAddress.Loopback, FreePort.Find());
        return new ServerSettings("the server", url, logPath)
        {
            Redis = redis,
            Arguments =
            [
                .. Common(url), "--resp", $"{redis}", "--data", dataFolder,
                .. sync ? Array.Empty<string>() : ["--no-sync"],
            ],
        };
    }

    /// <summary>One of several on a common database.</summary>
    public static ServerSettings Member(
        string name, string logPath, string postgres, NetworkEnd? end, bool lossy = false)
    {
        string address = end?.Address.ToString() ?? "127.0.0.1";
        var url = new Uri($"http://{address}:{FreePort.Find()}");
        return new ServerSettings(name, url, logPath)
        {
            End = end,
            Arguments =
            [
                .. Common(url), "--postgres", postgres, "--name", name, "--silo", $"{address}:{FreePort.Find()}",
                "--dashboard", "false", "--insecure", .. lossy ? ["--allow-lossy"] : Array.Empty<string>(),
            ],
        };
    }

    private static string[] Common(Uri url) => ["--urls", url.ToString().TrimEnd('/'), "--partitions", $"{Partitions}"];
}
