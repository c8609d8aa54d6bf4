using System.Globalization;
using System.Net;
using Grains.FrontEnd.Access;
using Grains.StateMachines.Slots;

namespace Grains.Server.Options;

/// <summary>
/// Settings from the command line, else the environment, else appsettings.json, else defaults; all of them checked, and
/// everything that is wrong said at once.
/// </summary>
internal sealed class GrainsOptionsReader(CommandLine line, IConfiguration configuration, Func<string, string?> environment)
{
    private readonly List<SettingProblem> _problems = [.. line.Problems];

    /// <returns>Null if there are problems.</returns>
    public static GrainsOptions? Read(
        CommandLine line, IConfiguration configuration, Func<string, string?> environment, out IReadOnlyList<SettingProblem> problems)
    {
        var reader = new GrainsOptionsReader(line, configuration, environment);
        GrainsOptions options = reader.Read();
        problems = reader._problems;
        return problems.Count == 0 ? options : null;
    }

    private GrainsOptions Read()
    {
        string? keys = Keys();
        bool insecure = Flag(Setting.Insecure);
        return new GrainsOptions
        {
            DataFolder = DataFolder(),
            Urls = Urls(isOpen: keys is not null || insecure),
            Partitions = Partitions(),
            KeysFile = keys,
            IsInsecure = insecure,
            NoSync = Flag(Setting.NoSync),
            Dashboard = Flag(Setting.Dashboard),
        };
    }

    private string DataFolder()
    {
        (string? value, string key) = Find(Setting.Data);
        try
        {
            string folder = Path.GetFullPath(value ?? "");
            if (!File.Exists(folder))
            {
                return folder;
            }

            Wrong(key, value, "is a file", "Name a folder");
        }
        catch (ArgumentException)
        {
            Wrong(key, value, "is not the path of a folder", "Name a folder");
        }

        return "";
    }

    private Uri[] Urls(bool isOpen)
    {
        (string? value, string key) = Find(Setting.Urls);
        var urls = new List<Uri>();
        foreach (string text in (value ?? "").Split([';', ','], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || url.Scheme != Uri.UriSchemeHttp || url.PathAndQuery != "/")
            {
                Wrong(key, text, "is not a URL to listen on", "Write http://ADDRESS:PORT; put TLS in front of it");
            }
            else if (!IsLoopback(url) && !isOpen)
            {
                Wrong(key, text, "anybody on the network could do anything",
                    $"Give {Setting.Keys.Switch} FILE, or {Setting.Insecure.Switch} if that is what you want");
            }
            else
            {
                urls.Add(url);
            }
        }

        if (urls.Count == 0 && _problems.All(p => p.Key != key))
        {
            Wrong(key, value, "names no address", $"Write {Setting.Urls.Default}");
        }

        return [.. urls];
    }

    private int? Partitions()
    {
        (string? value, string key) = Find(Setting.Partitions);
        if (value is null)
        {
            return null;
        }

        if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is >= 1 and <= 4096)
        {
            return count;
        }

        Wrong(key, value, $"is not a number from 1 to 4096 ({SlotMap.SlotCount} slots are spread over them)",
            "Leave it out for 64, which suits most");
        return null;
    }

    private string? Keys()
    {
        (string? value, string key) = Find(Setting.Keys);
        if (value is null)
        {
            return null;
        }

        foreach (string error in KeysFile.Read(value).Errors)
        {
            Wrong(key, value, error.TrimEnd('.'), "Each line of the file is: name permission key");
        }

        return Path.GetFullPath(value);
    }

    private bool Flag(Setting setting)
    {
        (string? value, string key) = Find(setting);
        if (bool.TryParse(value, out bool flag))
        {
            return flag;
        }

        Wrong(key, value, "is neither true nor false", "Write one of them");
        return false;
    }

    private (string? Value, string Key) Find(Setting setting)
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
            ? (configured, setting.ConfigurationKey)
            : (setting.Default, setting.Switch);
    }

    private void Wrong(string key, string? value, string rule, string remedy) => _problems.Add(new(key, value, rule, remedy));

    private static bool IsLoopback(Uri url) =>
        url.Host == "localhost" || (IPAddress.TryParse(url.Host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));
}
