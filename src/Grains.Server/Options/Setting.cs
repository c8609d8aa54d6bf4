namespace Grains.Server.Options;

/// <summary>
/// One thing that can be set: <c>--no-sync</c>, <c>GRAINS_NO_SYNC</c>, or <c>Grains:NoSync</c> in the file of
/// <c>--settings</c>.
/// </summary>
/// <param name="Name">As on the command line, without the dashes in front.</param>
/// <param name="Value">What to show for its value in the help; null = a flag, that needs none.</param>
/// <param name="Default">For the help, and where nothing is set.</param>
/// <param name="Help">One line.</param>
internal sealed record Setting(string Name, string? Value, string? Default, string Help)
{
    public static readonly Setting Data =
        new("data", "FOLDER", "./data", "where everything is kept; one process at a time");
    public static readonly Setting Urls = new("urls", "URL[;URL]", "http://127.0.0.1:7400", "where to listen");
    public static readonly Setting Resp = new(
        "resp", "ADDRESS:PORT|off", null,
        "for Redis clients; unless given 127.0.0.1:7401, or off in a cluster or with --urls");

    public static readonly Setting RespAdvertise = new(
        "resp-advertise", "HOST:PORT", null,
        "where Redis clients in cluster mode reach this server, if not at --resp");

    public static readonly Setting RespMoved = new(
        "resp-moved", "asked|always", "asked",
        "who is sent to the server of a key: who asked for the map, or all");

    public static readonly Setting RespCert = new(
        "resp-cert", "FILE", null, "PEM: Redis clients speak TLS, and are shown this certificate");
    public static readonly Setting RespKey = new("resp-key", "FILE", null, "PEM: its key");

    public static readonly Setting Partitions =
        new("partitions", "COUNT", null, "fixed at the first start; 64 unless given");
    public static readonly Setting Keys = new("keys", "FILE", null, "API keys; needed beyond loopback");
    public static readonly Setting Insecure =
        new("insecure", null, "false", "listen beyond loopback without keys, without TLS");
    public static readonly Setting NoSync =
        new("no-sync", null, "false", "do not wait for the disk: a power cut LOSES answered writes");
    public static readonly Setting Dashboard =
        new("dashboard", "true|false", "true", "the Orleans dashboard at /dashboard");

    public static readonly Setting PushTo = new(
        "push-to", "NETWORK[,NETWORK]", null,
        "where push requests may go; loopback alone, in a cluster nowhere, unless given");

    public static readonly Setting Log =
        new(
            "log", "LEVEL[,PART=LEVEL]", "information",
            "trace, debug, information, warning or error; to standard output");
    public static readonly Setting Settings =
        new("settings", "FILE", null, "JSON with a section Grains that holds settings; no other file is read");

    public static readonly Setting Memory = new(
        "memory", "SIZE", null, "what the process may use: 2GiB; unless given, what the container or machine has");

    public static readonly Setting Connections = new(
        "connections", "COUNT", null, "to the API at once; as descriptors and memory allow, unless given");

    public static readonly Setting Rate = new(
        "rate", "COUNT", null, "requests a second of one key, or without keys of one address; unlimited unless given");

    public static readonly Setting Postgres = new(
        "postgres", "CONNECTION", null, "the cluster's database; better by variable or file")
    {
        IsSecret = true,
    };

    public static readonly Setting PostgresFile =
        new("postgres-file", "FILE", null, "a file that holds the connection string");
    public static readonly Setting Schema = new("schema", "NAME", "grains", "where the tables are");
    public static readonly Setting ServerName =
        new("name", "NAME", null, "this server's, the same at each start; the machine's unless given");
    public static readonly Setting Silo =
        new("silo", "ADDRESS:PORT", "127.0.0.1:11111", "where the other servers reach this one");
    public static readonly Setting Gateway =
        new("gateway", "PORT", null, "for Orleans clients, on the same address; off unless given");
    public static readonly Setting Role =
        new("role", "all|silo|web", "all", "silo: partitions, no API; web: API, no partitions");
    public static readonly Setting Cluster =
        new("cluster", "ID", "grains", "servers with the same one belong together");
    public static readonly Setting TlsCa = new("tls-ca", "FILE", null, "PEM: the roots of all servers' certificates");
    public static readonly Setting TlsCert = new("tls-cert", "FILE", null, "PEM: this server's certificate");
    public static readonly Setting TlsKey = new("tls-key", "FILE", null, "PEM: its key");
    public static readonly Setting AllowLossy =
        new("allow-lossy", null, "false", "take a Postgres that LOSES answered writes");
    public static readonly Setting PrintSchema =
        new("print-schema", null, "false", "print the SQL of the tables, and end");

    public static readonly Setting From = new("from", "FOLDER", null, "migrate: the data folder of the stopped server");

    public static readonly Setting Live =
        new("live", null, "false", "restore: push and timers go on at once, and wait for nobody");

    public static readonly Setting[] OfCommands = [From, Live];
    public static readonly Setting[] General =
    [
        Urls, Resp, RespAdvertise, RespMoved, RespCert, RespKey, Partitions, Keys, Insecure, Dashboard, PushTo, Memory,
        Connections, Rate, Log, Settings,
    ];

    public static readonly Setting[] OneServer = [Data, NoSync];

    public static readonly Setting[] ManyServers =
    [
        Postgres, PostgresFile, Schema, ServerName, Silo, Gateway, Role, Cluster, TlsCa, TlsCert, TlsKey, AllowLossy,
        PrintSchema,
    ];

    public static readonly Setting[] All = [.. General, .. OneServer, .. ManyServers, .. OfCommands];

    /// <summary>Its value is never shown.</summary>
    public bool IsSecret { get; init; }

    public bool IsFlag => Value is null;

    public string Switch => $"--{Name}";

    public string Variable => $"GRAINS_{Name.Replace('-', '_').ToUpperInvariant()}";

    public string ConfigurationKey => $"Grains:{Name.Replace("-", "", StringComparison.Ordinal)}";
}
