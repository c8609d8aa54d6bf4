using System.Net;
using System.Net.Sockets;
using Grains.Operations.Access;
using Grains.Server.Logs;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Slots;

namespace Grains.Server.Options;

/// <summary>All settings, checked; everything that is wrong is said at once.</summary>
internal sealed class GrainsOptionsReader(SettingSource source)
{
    /// <returns>Null if there are problems.</returns>
    public static GrainsOptions? Read(
        CommandLine line, IConfiguration configuration, Func<string, string?> environment,
        out IReadOnlyList<SettingProblem> problems)
    {
        var source = new SettingSource(line, configuration, environment);
        GrainsOptions options = new GrainsOptionsReader(source).Read(line.Words);
        problems = source.Problems;
        return problems.Count == 0 ? options : null;
    }

    private GrainsOptions Read(List<string> words)
    {
        string? keys = Keys();
        bool insecure = source.Flag(Setting.Insecure);
        var limits = new LimitOptionsReader(source);
        var clusterReader = new ClusterOptionsReader(source);
        ClusterOptions? cluster = clusterReader.Read(insecure);
        return new GrainsOptions
        {
            DataFolder = DataFolder(),
            Urls = Urls(isOpen: keys is not null || insecure),
            Resp = new RespOptionReader(source).Read(isOpen: keys is not null || insecure, cluster),
            Partitions = Partitions(),
            KeysFile = keys,
            IsInsecure = insecure,
            NoSync = source.Flag(Setting.NoSync),
            Dashboard = source.Flag(Setting.Dashboard),
            PushTo = PushTo(isAlone: cluster is null),
            MemoryBytes = limits.Memory(),
            ConnectionsMax = limits.Connections(),
            RequestsPerSecondMax = limits.Rate(),
            Cluster = cluster,
            Log = Log(),
            Command = new DataCommandReader(source).Read(words, hasPostgres: cluster is not null),
            SchemaToPrint = source.Flag(Setting.PrintSchema) ? clusterReader.Schema() : null,
        };
    }

    private string DataFolder()
    {
        (string? value, _) = source.Find(Setting.Data);
        try
        {
            string folder = Path.GetFullPath(value ?? "");
            if (!File.Exists(folder))
            {
                return folder;
            }

            source.Wrong(Setting.Data, value, "is a file", "Name a folder");
        }
        catch (ArgumentException)
        {
            source.Wrong(Setting.Data, value, "is not the path of a folder", "Name a folder");
        }

        return "";
    }

    private Uri[] Urls(bool isOpen)
    {
        (string? value, _) = source.Find(Setting.Urls);
        var urls = new List<Uri>();
        foreach (string text in (value ?? "").Split(
            [';', ','], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || url.Scheme != Uri.UriSchemeHttp
                || url.PathAndQuery != "/")
            {
                source.Wrong(
                    Setting.Urls, text, "is not a URL to listen on",
                    "Write http://ADDRESS:PORT; put TLS in front of it");
            }
            else if (!Loopback.Is(url.Host) && !isOpen)
            {
                source.Wrong(Setting.Urls, text, "anybody on the network could do anything",
                    $"Give {Setting.Keys.Switch} FILE, or {Setting.Insecure.Switch} if that is what you want");
            }
            else
            {
                urls.Add(url);
            }
        }

        if (urls.Count == 0 && !source.HasProblem(Setting.Urls))
        {
            source.Wrong(Setting.Urls, value, "names no address", $"Write {Setting.Urls.Default}");
        }

        return [.. urls];
    }

    /// <summary>
    /// One server is a developer's machine by default, a cluster never: there, nothing is allowed unless said.
    /// </summary>
    private IPNetwork[] PushTo(bool isAlone)
    {
        (string? value, _) = source.Find(Setting.PushTo);
        if (value is null)
        {
            return isAlone ? [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")] : [];
        }

        var networks = new List<IPNetwork>();
        foreach (string text in value.Split(
            [',', ';'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (Loopback.TryAddress(text, out IPAddress? one))
            {
                networks.Add(new IPNetwork(one, one.AddressFamily == AddressFamily.InterNetwork ? 32 : 128));
            }
            else if (TryNetwork(text, out IPNetwork network))
            {
                networks.Add(network);
            }
            else
            {
                source.Wrong(Setting.PushTo, text, "is no network",
                    "Write ADDRESS/BITS, such as 10.1.0.0/16 or ::1/128; 0.0.0.0/0,::/0 for everywhere");
            }
        }

        return [.. networks];
    }

    /// <summary>
    /// An address and a number of bits; <c>10/8</c> would be 0.0.0.10/8 elsewhere, and 10.0.0.0/8 to who wrote it.
    /// </summary>
    private static bool TryNetwork(string text, out IPNetwork network)
    {
        network = default;
        int slash = text.IndexOf('/');
        return slash > 0
            && Loopback.TryAddress(text[..slash], out _)
            && WholeNumber.TryParse(text.AsSpan(slash + 1), 128, out int _)
            && IPNetwork.TryParse(text, out network);
    }

    private int? Partitions()
    {
        (string? value, _) = source.Find(Setting.Partitions);
        if (value is null)
        {
            return null;
        }

        if (WholeNumber.TryParse(value, 4096, out int count) && count >= 1)
        {
            return count;
        }

        source.Wrong(
            Setting.Partitions, value,
            $"is not a number from 1 to 4096 ({SlotMap.SlotCount} slots are spread over them)",
            "Leave it out for 64, which suits most");
        return null;
    }

    private LogLevels Log()
    {
        (string? value, _) = source.Find(Setting.Log);
        if (LogLevels.Parse(value!) is { } levels)
        {
            return levels;
        }

        source.Wrong(Setting.Log, value, "names no levels",
            "Write trace, debug, information, warning or error, and for a part of the program CATEGORY=LEVEL, with "
            + "commas");
        return LogLevels.Usual;
    }

    private string? Keys()
    {
        (string? value, _) = source.Find(Setting.Keys);
        if (value is null)
        {
            return null;
        }

        foreach (string error in KeysFile.Read(value).Errors)
        {
            source.Wrong(
                Setting.Keys, value, error.TrimEnd('.'),
                "Each line of the file is: name permission key, and an expiry if it has one");
        }

        return Path.GetFullPath(value);
    }
}
