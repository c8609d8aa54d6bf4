using System.Diagnostics;
using System.Runtime.InteropServices;
using Grains.Server.Options;

namespace Grains.Server;

/// <summary>How the process ends, for service managers.</summary>
internal static partial class ExitCode
{
    public const int Ended = 0;

    /// <summary>The world said no: the folder, the port, the disk, the stored settings.</summary>
    private const int _failed = 1;

    /// <summary>The configuration said no; a restart changes nothing.</summary>
    private const int _refused = 2;

    /// <summary>With the code of a failure, and no orderly end: that would wait for work that must not go on.</summary>
    public static void EndAtOnce()
    {
        if (OperatingSystem.IsWindows())
        {
            Process.GetCurrentProcess().Kill();
        }
        else
        {
            End(_failed);
        }
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void End(int code);

    public static int Refuse(IEnumerable<SettingProblem> problems)
    {
        Console.Error.WriteLine("Grains does not start with this configuration:");
        foreach (SettingProblem problem in problems)
        {
            Console.Error.WriteLine(problem);
        }

        return _refused;
    }

    public static int Fail(string why)
    {
        Console.Error.WriteLine($"Grains cannot go on: {why}");
        return _failed;
    }
}
