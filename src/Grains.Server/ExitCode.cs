using Grains.Server.Options;

namespace Grains.Server;

/// <summary>How the process ends, for service managers.</summary>
internal static class ExitCode
{
    public const int Ended = 0;

    /// <summary>The world said no: the folder, the port, the disk, the stored settings.</summary>
    private const int _failed = 1;

    /// <summary>The configuration said no; a restart changes nothing.</summary>
    private const int _refused = 2;

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
