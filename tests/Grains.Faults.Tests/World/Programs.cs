using System.Reflection;

namespace Grains.Faults.Tests.World;

/// <summary>Where the built programs are that these tests run.</summary>
internal static class Programs
{
    private static readonly string _configuration = typeof(Programs).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "Configuration").Value!;

    /// <summary>GRAINS_SERVER_DLL, else what was built before this project.</summary>
    public static string Server =>
        Environment.GetEnvironmentVariable("GRAINS_SERVER_DLL") is { Length: > 0 } given
            ? given
            : Built("Grains.Server");

    public static string WordCount => Built("Grains.Samples.WordCount");

    /// <summary>A server with handlers built in; and, told so, those handlers as a web server.</summary>
    public static string Handlers => Built("Grains.Faults.Handlers", "tests");

    private static string Built(string project, string folder = "src")
    {
        string path = Path.Combine(Root(), folder, project, "bin", _configuration, "net10.0", project + ".dll");
        return File.Exists(path)
            ? path
            : throw new FileNotFoundException(
                $"{project} is not built ({_configuration}); build its project first.", path);
    }

    private static string Root()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Grains.sln")))
            {
                return folder;
            }
        }

        throw new DirectoryNotFoundException($"No Grains.sln above {AppContext.BaseDirectory}.");
    }
}
