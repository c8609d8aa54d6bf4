namespace Grains.Server.Options;

/// <summary>
/// Settings from the command line, else the environment, else the settings file, else defaults; and what is wrong with
/// them, all of it.
/// </summary>
internal sealed class SettingSource(CommandLine line, IConfiguration configuration, Func<string, string?> environment)
{
    private readonly List<SettingProblem> _problems = [.. line.Problems];

    public IReadOnlyList<SettingProblem> Problems => _problems;

    /// <summary>The value and the name under which a person finds it; the default under the switch.</summary>
    public (string? Value, string Key) Find(Setting setting) =>
        FindGiven(setting) is { } given ? given : (setting.Default, setting.Switch);

    /// <summary>Somebody set it, whatever to; a flag only where it is raised.</summary>
    public bool IsGiven(Setting setting) =>
        FindGiven(setting) is { } given && (!setting.IsFlag || !TryFlag(given.Value, out bool raised) || raised);

    public bool Flag(Setting setting)
    {
        (string? value, _) = Find(setting);
        if (TryFlag(value, out bool flag))
        {
            return flag;
        }

        Wrong(setting, value, "is neither true nor false", "Write one of them");
        return false;
    }

    public void Wrong(Setting setting, string? value, string rule, string remedy)
    {
        var problem = new SettingProblem(Find(setting).Key, setting.IsSecret ? null : value, rule, remedy);
        if (!_problems.Contains(problem))
        {
            _problems.Add(problem);
        }
    }

    /// <summary>Something that is no setting is wrong.</summary>
    public void Wrong(SettingProblem problem) => _problems.Add(problem);

    public bool HasProblem(Setting setting) => _problems.Any(p => p.Key == Find(setting).Key);

    /// <summary>The words alone; a settings file writes them with a capital.</summary>
    private static bool TryFlag(string? text, out bool raised)
    {
        raised = "true".Equals(text, StringComparison.OrdinalIgnoreCase);
        return raised || "false".Equals(text, StringComparison.OrdinalIgnoreCase);
    }

    private (string Value, string Key)? FindGiven(Setting setting)
    {
        if (line[setting] is { } given)
        {
            return (given, setting.Switch);
        }

        if (environment(setting.Variable) is { Length: > 0 } variable)
        {
            return (variable, setting.Variable);
        }

        return configuration[setting.ConfigurationKey] is { } configured
            ? (configured, setting.ConfigurationKey) : null;
    }
}
