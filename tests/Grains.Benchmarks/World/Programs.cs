using System.Reflection;

namespace Grains.Benchmarks.World;

/// <summary>Where the built programs are.</summary>
internal static class Programs
{
    public static string Benchmarks => typeof(Programs).Assembly.Location;

    public static string Precompile => Path.Combine(Root, "infra/precompile");

    /// <summary>Of the tree in which this was built.</summary>
    private static string Root => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../.."));

    /// <summary>GRAINS_SERVER_DLL, else what was built before this project.</summary>
    public static string Server
    {
        get
        {
            if (Environment.GetEnvironmentVariable("GRAINS_SERVER_DLL") is { Length: > 0 } given)
            {
                return given;
            }

            string configuration = typeof(Programs).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
                .First(a => a.Key == "Configuration").Value!;
            string path = Path.Combine(Root, "src/Grains.Server/bin", configuration, "net10.0/Grains.Server.dll");
            return File.Exists(path) ? path : throw new FileNotFoundException("Build Grains.Server first.", path);
        }
    }
}
