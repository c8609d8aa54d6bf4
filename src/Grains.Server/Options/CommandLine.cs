namespace Grains.Server.Options;

/// <summary>
/// The words after the program's name: a command, if any, then <c>--key value</c>, <c>--key=value</c>, or a flag alone.
/// </summary>
internal sealed class CommandLine
{
    private readonly Dictionary<string, string> _values = [];

    private CommandLine()
    {
    }

    public bool AsksForHelp { get; private set; }

    /// <summary>The words before the first option: a command and what it is about.</summary>
    public List<string> Words { get; } = [];

    public List<SettingProblem> Problems { get; } = [];

    public string? this[Setting setting] => _values.GetValueOrDefault(setting.Name);

    public static CommandLine Read(IReadOnlyList<string> args)
    {
        var line = new CommandLine();
        line.Words.AddRange(args.TakeWhile(word => !word.StartsWith('-')));
        for (int i = line.Words.Count; i < args.Count; i++)
        {
            string word = args[i];
            if (word is "--help" or "-h" or "-?")
            {
                line.AsksForHelp = true;
                continue;
            }

            int equals = word.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? word : word[..equals];
            if (Setting.All.FirstOrDefault(s => s.Switch == name) is not { } setting)
            {
                // What follows a misspelt option may be a secret: it is not shown.
                line.Problems.Add(
                    new(name.StartsWith('-') ? name : $"word {i + 1}", null, "there is no such option", "See --help"));
                continue;
            }

            string? value =
                equals >= 0 ? word[(equals + 1)..] : NextValue(args, ref i) ?? (setting.IsFlag ? "true" : null);
            if (value is null)
            {
                line.Problems.Add(new(name, null, $"needs a value ({setting.Value})", $"Write {name} {setting.Value}"));
            }
            else if (!line._values.TryAdd(setting.Name, value))
            {
                line.Problems.Add(new(name, setting.IsSecret ? null : value, "is given twice", "Keep one"));
            }
        }

        return line;
    }

    private static string? NextValue(IReadOnlyList<string> args, ref int i) =>
        i + 1 < args.Count && !args[i + 1].StartsWith("--", StringComparison.Ordinal) ? args[++i] : null;
}
