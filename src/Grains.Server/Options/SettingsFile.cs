using System.Text.Json;

namespace Grains.Server.Options;

/// <summary>
/// The file of <c>--settings</c>: a JSON object with one section, <c>Grains</c>, and nothing of the hosts below. No
/// file is read that nobody named.
/// </summary>
internal static class SettingsFile
{
    private const int _bytesMax = 64 << 10;
    private const string _section = "Grains";
    private const string _form = "Write {\"Grains\": {\"Urls\": \"...\"}}, with the settings of --help";

    /// <summary>What it holds, as far as it is right; what is wrong is added to the line's problems.</summary>
    public static IConfiguration Read(CommandLine line, Func<string, string?> environment)
    {
        string? given = line[Setting.Settings];
        string key = given is null ? Setting.Settings.Variable : Setting.Settings.Switch;
        return (given ?? environment(Setting.Settings.Variable)) is { Length: > 0 } file
            ? Read(file, (rule, remedy) => line.Problems.Add(new SettingProblem(key, file, rule, remedy)))
            : new ConfigurationBuilder().Build();
    }

    private static IConfiguration Read(string file, Action<string, string> wrong)
    {
        try
        {
            if (new FileInfo(file).Length > _bytesMax)
            {
                wrong($"is larger than {_bytesMax} bytes", _form);
                return new ConfigurationBuilder().Build();
            }

            IConfigurationRoot read = new ConfigurationBuilder().AddJsonStream(
                new MemoryStream(File.ReadAllBytes(file))).Build();
            Check(read, wrong);
            return read;
        }
        catch (Exception e) when (
            e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            wrong($"cannot be read ({e.Message.TrimEnd('.')})", "Name a file that this user may read");
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidDataException)
        {
            wrong($"is not the JSON that it should be ({e.Message.TrimEnd('.')})", _form);
        }

        return new ConfigurationBuilder().Build();
    }

    /// <summary>A word that nothing reads is a misspelling, or meant for a host that shall not hear it.</summary>
    private static void Check(IConfiguration read, Action<string, string> wrong)
    {
        foreach (IConfigurationSection section in read.GetChildren())
        {
            if (!section.Key.Equals(_section, StringComparison.OrdinalIgnoreCase))
            {
                wrong($"has a section {section.Key}, which is not read", $"Leave it out; only {_section} is read");
            }
        }

        foreach (IConfigurationSection setting in read.GetSection(_section).GetChildren())
        {
            if (setting.Value is null || !Setting.All.Any(
                s => s != Setting.Settings
                    && s.ConfigurationKey.Equals(setting.Path, StringComparison.OrdinalIgnoreCase)))
            {
                wrong($"has {setting.Path}, which is no setting with one value", "See --help");
            }
        }
    }
}
