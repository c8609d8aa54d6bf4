using Grains.Server.Options;
using Microsoft.Extensions.Configuration;

namespace Grains.Server.Tests;

/// <summary>Reads settings as the program does.</summary>
internal static class SettingsOfTest
{
    public static GrainsOptions Accepted(
        string[] args, Dictionary<string, string?>? environment = null, Dictionary<string, string?>? file = null)
    {
        GrainsOptions? options = Read(args, environment, file, out IReadOnlyList<SettingProblem> problems);
        Assert.Empty(problems);
        return options!;
    }

    public static IReadOnlyList<SettingProblem> Refused(string[] args, Dictionary<string, string?>? environment = null)
    {
        Assert.Null(Read(args, environment, null, out IReadOnlyList<SettingProblem> problems));
        return problems;
    }

    private static GrainsOptions? Read(
        string[] args,
        Dictionary<string, string?>? environment,
        Dictionary<string, string?>? file,
        out IReadOnlyList<SettingProblem> problems) =>
        GrainsOptionsReader.Read(
            CommandLine.Read(args),
            new ConfigurationBuilder().AddInMemoryCollection(file ?? []).Build(),
            name => environment?.GetValueOrDefault(name),
            out problems);
}
