using System.Net;
using System.Text.RegularExpressions;
using Grains.StateMachines.Codecs;

namespace Grains.Server.Options;

/// <summary>The settings of a server among others.</summary>
internal sealed partial class ClusterOptionsReader(SettingSource source)
{
    private const int _secretBytesMax = 64 << 10;
    private const string _connectionForm =
        "Write Host=HOST;Database=DATABASE;Username=USER;Password=SECRET, "
        + "and single quotes around a value with ; or = in it";

    /// <returns>Null: no database is named, so there is no cluster.</returns>
    public ClusterOptions? Read(bool isInsecure)
    {
        if (!source.IsGiven(Setting.Postgres) && !source.IsGiven(Setting.PostgresFile))
        {
            RefuseWithoutDatabase();
            return null;
        }

        foreach (Setting setting in Setting.OneServer.Where(source.IsGiven))
        {
            source.Wrong(setting, source.Find(setting).Value, "is for one server without a database",
                $"Leave it out, or {Setting.Postgres.Switch}");
        }

        TlsFiles? tls = Tls();
        DnsEndPoint? silo = Silo(isOpen: tls is not null || isInsecure);
        return new ClusterOptions
        {
            // Null where something is wrong: then nobody gets to see the whole.
            Postgres = Postgres()!,
            PostgresFile = source.Find(Setting.PostgresFile).Value,
            Silo = silo!,
            Schema = Schema(),
            Name = Matching(Setting.ServerName, Environment.MachineName, NameRule(), "is no name of a server",
                "Write up to 63 letters, digits, dots, dashes and underscores"),
            GatewayPort = Gateway(silo),
            Role = Role(),
            Id = Matching(Setting.Cluster, null, ClusterRule(), "is no id of a cluster",
                "Write up to 63 small letters, digits and dashes: certificates may carry it as a DNS name"),
            Tls = tls,
            AllowLossy = source.Flag(Setting.AllowLossy),
        };
    }

    public string Schema() => Matching(Setting.Schema, null, SchemaRule(), "is no name of a schema",
        "Write up to 63 small letters, digits and underscores, no digit first, not pg_ first");

    private void RefuseWithoutDatabase()
    {
        foreach (Setting setting in Setting.ManyServers.Where(source.IsGiven))
        {
            if (setting != Setting.PrintSchema && (setting != Setting.Schema || !source.IsGiven(Setting.PrintSchema)))
            {
                source.Wrong(setting, source.Find(setting).Value, "is for servers on a common database",
                    $"Give {Setting.Postgres.Variable} or {Setting.PostgresFile.Switch} too, or leave it out");
            }
        }
    }

    private PostgresAddress? Postgres()
    {
        if (source.IsGiven(Setting.Postgres) && source.IsGiven(Setting.PostgresFile))
        {
            source.Wrong(Setting.PostgresFile, source.Find(Setting.PostgresFile).Value, "the connection is given twice",
                $"Keep the file, or {source.Find(Setting.Postgres).Key}");
            return null;
        }

        Setting setting = source.IsGiven(Setting.Postgres) ? Setting.Postgres : Setting.PostgresFile;
        string shown = source.Find(setting).Value!;
        string? text = setting == Setting.Postgres ? shown : Secret(shown);
        if (text is null)
        {
            return null;
        }

        PostgresAddress? address = PostgresAddress.Parse(text);
        if (address is null)
        {
            source.Wrong(setting, shown, "holds no Npgsql connection string with a host", _connectionForm);
        }
        else if (address.NamesSchema)
        {
            source.Wrong(setting, shown, "names a search path", $"Leave it out, and give {Setting.Schema.Switch}");
        }

        return address;
    }

    private string? Secret(string file)
    {
        try
        {
            if (new FileInfo(file).Length <= _secretBytesMax)
            {
                return File.ReadAllText(file);
            }

            source.Wrong(
                Setting.PostgresFile, file, $"is larger than {_secretBytesMax} bytes",
                "Name a file that holds one connection string");
        }
        catch (Exception e) when (
            e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            source.Wrong(
                Setting.PostgresFile, file, $"cannot be read ({e.Message.TrimEnd('.')})",
                "Name a file that this user may read");
        }

        return null;
    }

    private TlsFiles? Tls()
    {
        Setting[] all = [Setting.TlsCa, Setting.TlsCert, Setting.TlsKey];
        Setting[] given = [.. all.Where(source.IsGiven)];
        foreach (Setting missing in given.Length == 0 ? [] : all.Except(given))
        {
            source.Wrong(
                missing, null, "is missing: TLS needs all three files",
                $"Give {string.Join(", ", all.Select(s => s.Switch))}");
        }

        foreach (Setting file in given.Where(f => !File.Exists(source.Find(f).Value)))
        {
            source.Wrong(file, source.Find(file).Value, "is no file that this user can see", "Name a PEM file");
        }

        return given.Length < all.Length ? null
            : new TlsFiles(Full(Setting.TlsCa), Full(Setting.TlsCert), Full(Setting.TlsKey));
    }

    private string Full(Setting file) => Path.GetFullPath(source.Find(file).Value!);

    private DnsEndPoint? Silo(bool isOpen)
    {
        (string? value, _) = source.Find(Setting.Silo);
        int colon = value?.LastIndexOf(':') ?? -1;
        string host = colon < 0 ? "" : value![..colon].Trim('[', ']');
        bool isAddress = Loopback.TryAddress(host, out IPAddress? address);
        if (colon < 0 || Port(value![(colon + 1)..]) is not { } port
            || !(isAddress || (Uri.CheckHostName(host) == UriHostNameType.Dns)))
        {
            source.Wrong(
                Setting.Silo, value, "is no address with a port",
                "Write ADDRESS:PORT, such as 10.0.0.5:11111 or [fd00::5]:11111");
            return null;
        }

        if (isAddress && (address!.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)))
        {
            source.Wrong(
                Setting.Silo, value, "is no address at which others reach this server",
                "Name the one they use; it is the one that is bound");
            return null;
        }

        if (!isOpen && !Loopback.Is(host))
        {
            source.Wrong(Setting.Silo, value, "anybody on the network could join the cluster",
                $"Give {Setting.TlsCa.Switch}, {Setting.TlsCert.Switch} and {Setting.TlsKey.Switch}, "
                + $"or {Setting.Insecure.Switch} if the network is yours alone");
        }

        return new DnsEndPoint(host, port);
    }

    private int Gateway(DnsEndPoint? silo)
    {
        (string? value, _) = source.Find(Setting.Gateway);
        if (value is null)
        {
            return 0;
        }

        if (Port(value) is { } port && port != silo?.Port)
        {
            return port;
        }

        source.Wrong(
            Setting.Gateway, value, "is no free port",
            $"Write one from 1 to 65535, another than that of {Setting.Silo.Switch}");
        return 0;
    }

    private ServerRole Role()
    {
        (string? value, _) = source.Find(Setting.Role);
        switch (value)
        {
            case "all":
                return ServerRole.All;
            case "silo":
                return ServerRole.Silo;
            case "web":
                return ServerRole.Web;
            default:
                source.Wrong(Setting.Role, value, "is no role", "Write all, silo or web");
                return ServerRole.All;
        }
    }

    private string Matching(Setting setting, string? preset, Regex rule, string wrong, string remedy)
    {
        string value = source.Find(setting).Value ?? preset ?? "";
        if (!rule.IsMatch(value))
        {
            source.Wrong(setting, value, wrong, remedy);
        }

        return value;
    }

    private static int? Port(string text) =>
        WholeNumber.TryParse(text, ushort.MaxValue, out int port) && port >= 1 ? port : null;

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}\z")]
    private static partial Regex NameRule();

    [GeneratedRegex(@"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?\z")]
    private static partial Regex ClusterRule();

    [GeneratedRegex(@"^(?!pg_)[a-z_][a-z0-9_]{0,62}\z")]
    private static partial Regex SchemaRule();
}
