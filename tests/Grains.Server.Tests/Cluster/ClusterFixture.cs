using System.Net;
using Grains.Postgres.Testing;
using Grains.Silo.Tests.Tls;

namespace Grains.Server.Tests.Cluster;

/// <summary>
/// Three real servers of all roles on one Postgres that asks for a password, with TLS between them, and with every log
/// line that there is.
/// </summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    public const string Secret = "geheim-4711";
    private const string _user = "grains_test";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("grains-cluster-");
    private readonly List<RunningServer> _servers = [];
    private PostgresServer? _postgres;

    internal RunningServer All => _servers[0];

    internal RunningServer Silo => _servers[1];

    internal RunningServer Web => _servers[2];

    /// <summary>As the superuser.</summary>
    internal PostgresServer Postgres => _postgres!;

    /// <summary>As the servers.</summary>
    internal string Connection =>
        $"Host=127.0.0.1;Port={Postgres.Port};Username={_user};Password={Secret};Database=postgres";

    public async Task InitializeAsync()
    {
        _postgres = await PostgresServer.StartAsync();
        await AskForPasswordAsync();
        string[] tls = WriteCertificates();
        foreach ((string name, string role) in new[] { ("a", "all"), ("b", "silo"), ("c", "web") })
        {
            _servers.Add(RunningServer.Start(
                ["--name", name, "--role", role, "--silo", $"127.0.0.1:{FreePort.Find()}", "--partitions", "8", .. tls],
                new Dictionary<string, string>
                {
                    ["GRAINS_POSTGRES"] = Connection,
                    ["GRAINS_LOG"] = "trace,Orleans=trace,Microsoft=trace",
                }));
        }

        await Task.WhenAll(_servers.Select(s => s.ReadyAsync()));
    }

    public async Task DisposeAsync()
    {
        foreach (RunningServer server in _servers)
        {
            await server.DisposeAsync();
        }

        await Postgres.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private async Task AskForPasswordAsync()
    {
        await Postgres.ExecuteAsync(
            $"CREATE ROLE {_user} LOGIN PASSWORD '{Secret}'; GRANT CREATE ON DATABASE postgres TO {_user}");
        string rules = Path.Combine(Postgres.DataFolder, "pg_hba.conf");
        await File.WriteAllTextAsync(
            rules, $"host all {_user} all scram-sha-256\n" + await File.ReadAllTextAsync(rules));
        await Postgres.ExecuteAsync("SELECT pg_reload_conf()");
    }

    private string[] WriteCertificates()
    {
        using var root = new TestAuthority();
        Issued issued = root.Issue(name: null, IPAddress.Loopback);
        return
        [
            "--tls-ca", Write("ca.pem", root.Pem), "--tls-cert", Write("cert.pem", issued.Certificate), "--tls-key",
            Write("key.pem", issued.Key)
        ];
    }

    private string Write(string name, string pem)
    {
        string path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, pem);
        return path;
    }
}
