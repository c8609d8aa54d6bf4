using Grains.Server.Options;
using static Grains.Server.Tests.SettingsOfTest;

namespace Grains.Server.Tests;

public sealed class ClusterOptionsTests
{
    private const string _secret = "geheim-4711";
    private const string _connection = $"Host=db;Username=u;Password={_secret};Database=d";

    [Fact]
    public void Without_a_database_the_server_is_the_whole_cluster() => Assert.Null(Accepted([]).Cluster);

    [Fact]
    public void A_database_is_enough_for_a_server_on_loopback()
    {
        ClusterOptions cluster = Cluster([]);
        Assert.Equal(("grains", "grains", ServerRole.All), (cluster.Schema, cluster.Id, cluster.Role));
        Assert.Equal(("127.0.0.1", 11_111, 0), (cluster.Silo.Host, cluster.Silo.Port, cluster.GatewayPort));
        Assert.Equal(Environment.MachineName, cluster.Name);
        Assert.Null(cluster.Tls);
        Assert.False(cluster.AllowLossy);
    }

    [Fact]
    public void The_connection_may_be_in_a_file_or_in_the_environment()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, _connection + "\n");
            Assert.Contains(
                _secret, Accepted(["--postgres-file", file]).Cluster!.Postgres.ConnectionString,
                StringComparison.Ordinal);
            Assert.Contains(_secret,
                Accepted([], new() { ["GRAINS_POSTGRES_FILE"] = file }).Cluster!.Postgres.ConnectionString,
                StringComparison.Ordinal);
            Assert.Contains(_secret,
                Accepted([], new() { ["GRAINS_POSTGRES"] = _connection }).Cluster!.Postgres.ConnectionString,
                StringComparison.Ordinal);
            Assert.Contains("twice",
                Assert.Single(Refused(["--postgres-file", file], new() { ["GRAINS_POSTGRES"] = _connection })).Rule,
                StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }

        Assert.Contains(
            "cannot be read", Assert.Single(Refused(["--postgres-file", file])).Rule, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host=db;Passwort=" + _secret)]
    [InlineData("Host=db;Password=a;" + _secret)]
    [InlineData("Username=u;Password=" + _secret)]
    [InlineData("postgres://u:" + _secret + "@db/d")]
    [InlineData("Host=db;Port=" + _secret)]
    [InlineData("Host=db;Password=" + _secret + ";Search Path=x")]
    [InlineData("Host=db;SSL Mode=" + _secret)]
    public void A_connection_that_cannot_be_used_is_refused_without_being_shown(string connection)
    {
        AssertSilent(Refused(["--postgres", connection]));
        AssertSilent(Refused([], new() { ["GRAINS_POSTGRES"] = connection }));
    }

    [Theory]
    [InlineData("--postgress", _secret)]
    [InlineData("--postgres", "Host=db;Password=x", "--postgres", _secret)]
    [InlineData("--postgres", "Host=db", "Password=" + _secret)]
    [InlineData("--postgres", "Host=db", _secret)]
    public void A_misspelt_command_line_shows_no_secret(params string[] args) => AssertSilent(Refused(args));

    [Fact]
    public void Options_show_host_and_database_and_no_secret()
    {
        GrainsOptions options = Accepted(["--postgres", _connection]);
        Assert.DoesNotContain(_secret, options.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(_secret, options.Cluster!.ToString(), StringComparison.Ordinal);
        Assert.Equal("db:5432/d", options.Cluster.Postgres.ToString());
    }

    [Theory]
    [InlineData("--data", "x")]
    [InlineData("--no-sync")]
    public void What_is_for_one_server_is_refused_with_a_database(params string[] args) =>
        Assert.Contains(
            "without a database", Assert.Single(Refused(["--postgres", _connection, .. args])).Rule,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("--name", "a")]
    [InlineData("--silo", "127.0.0.1:1")]
    [InlineData("--role", "web")]
    [InlineData("--schema", "a")]
    [InlineData("--cluster", "a")]
    [InlineData("--gateway", "1")]
    [InlineData("--tls-ca", "a")]
    [InlineData("--allow-lossy")]
    public void What_is_for_a_cluster_is_refused_without_a_database(params string[] args) =>
        Assert.Contains("common database", Assert.Single(Refused(args)).Rule, StringComparison.Ordinal);

    [Fact]
    public void The_schema_can_be_printed_without_a_database()
    {
        Assert.Equal("grains", Accepted(["--print-schema"]).SchemaToPrint);
        Assert.Equal("other", Accepted(["--print-schema", "--schema", "other"]).SchemaToPrint);
        Assert.Null(Accepted(["--postgres", _connection]).SchemaToPrint);
    }

    [Theory]
    [InlineData("10.0.0.5:11111")]
    [InlineData("[fd00::5]:11111")]
    [InlineData("server-1:11111")]
    public void A_silo_that_others_reach_needs_TLS_or_a_clear_word(string silo)
    {
        SettingProblem problem = Assert.Single(RefusedInCluster(["--silo", silo]));
        Assert.Contains("--tls-ca", problem.Remedy, StringComparison.Ordinal);
        Assert.Equal(11_111, Cluster(["--silo", silo, "--insecure"]).Silo.Port);
        string pem = typeof(ClusterOptionsTests).Assembly.Location;
        ClusterOptions secured = Cluster(["--silo", silo, "--tls-ca", pem, "--tls-cert", pem, "--tls-key", pem]);
        Assert.Equal(new TlsFiles(pem, pem, pem), secured.Tls);
    }

    [Theory]
    [InlineData("127.0.0.1:11111")]
    [InlineData("[::1]:11111")]
    [InlineData("localhost:11111")]
    public void A_silo_on_loopback_needs_nothing(string silo) => Assert.Null(Cluster(["--silo", silo]).Tls);

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:0")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("127.0.0.1:-1")]
    [InlineData("11111")]
    [InlineData(":11111")]
    [InlineData("a b:1")]
    [InlineData("0.0.0.0:11111")]
    [InlineData("[::]:11111")]
    public void A_silo_needs_an_address_and_a_port(string silo) =>
        Assert.Equal("--silo", Assert.Single(RefusedInCluster(["--silo", silo, "--insecure"])).Key);

    [Theory]
    [InlineData("--name", "a b")]
    [InlineData("--name", "-a")]
    [InlineData("--name", "größe")]
    [InlineData("--name", "a123456789a123456789a123456789a123456789a123456789a123456789a123")]
    [InlineData("--schema", "Big")]
    [InlineData("--schema", "1a")]
    [InlineData("--schema", "pg_a")]
    [InlineData("--schema", "a\"b")]
    [InlineData("--schema", "a\n")]
    [InlineData("--cluster", "Big")]
    [InlineData("--cluster", "a.b")]
    [InlineData("--cluster", "a-")]
    [InlineData("--role", "both")]
    [InlineData("--gateway", "0")]
    [InlineData("--gateway", "11111")]
    [InlineData("--allow-lossy", "perhaps")]
    public void A_value_that_breaks_its_rule_is_refused_by_name(string setting, string value)
    {
        SettingProblem problem = Assert.Single(RefusedInCluster([setting, value]));
        Assert.Equal((setting, value), (problem.Key, problem.Value));
        Assert.NotEmpty(problem.Remedy);
    }

    [Theory]
    [InlineData("silo", true, false)]
    [InlineData("web", false, true)]
    [InlineData("all", true, true)]
    public void A_role_says_what_a_server_does(string role, bool hasPartitions, bool hasApi)
    {
        ClusterOptions cluster = Cluster(["--role", role]);
        Assert.Equal((hasPartitions, hasApi), (cluster.HasPartitions, cluster.HasApi));
    }

    [Fact]
    public void TLS_needs_all_three_files_and_they_must_be_there()
    {
        string pem = typeof(ClusterOptionsTests).Assembly.Location;
        Assert.Equal(
            ["--tls-cert", "--tls-key"],
            RefusedInCluster(["--tls-ca", pem]).Select(p => p.Key).Order(StringComparer.Ordinal));
        Assert.Equal(
            "--tls-key",
            Assert.Single(RefusedInCluster(["--tls-ca", pem, "--tls-cert", pem, "--tls-key", "/no/such/file"])).Key);
    }

    [Fact]
    public void Everything_that_is_wrong_with_a_cluster_is_said_at_once() => Assert.Equal(
        ["--cluster", "--gateway", "--name", "--role", "--schema", "--silo", "--urls"],
        RefusedInCluster(
            ["--cluster", "!", "--gateway", "!", "--name", "!", "--role", "!", "--schema", "!", "--silo", "!", "--urls", "!", "--print-schema"])
            .Select(p => p.Key).Order(StringComparer.Ordinal));

    [Fact]
    public void The_help_names_every_setting_and_no_line_is_long()
    {
        var text = new StringWriter();
        Help.Write(text);
        Assert.All(Setting.All, s => Assert.Contains(s.Switch, text.ToString(), StringComparison.Ordinal));
        Assert.All(text.ToString().Split('\n'), line => Assert.True(line.Length <= 120, line));
    }

    private static ClusterOptions Cluster(string[] args) => Accepted(["--postgres", _connection, .. args]).Cluster!;

    private static IReadOnlyList<SettingProblem> RefusedInCluster(string[] args) =>
        Refused(["--postgres", _connection, .. args]);

    private static void AssertSilent(IReadOnlyList<SettingProblem> problems)
    {
        Assert.NotEmpty(problems);
        Assert.All(problems, p => Assert.DoesNotContain(_secret, p.ToString(), StringComparison.Ordinal));
    }
}
