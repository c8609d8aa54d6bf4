using System.Net;
using Grains.Server.Options;
using static Grains.Server.Tests.SettingsOfTest;

namespace Grains.Server.Tests;

/// <summary>The port for clients of Redis.</summary>
public sealed class RespOptionsTests
{
    private const string _database = "Host=db;Username=u;Database=d";

    [Fact]
    public void A_server_alone_has_it_on_loopback_where_it_may_be_missing()
    {
        RespPort port = Accepted([]).Resp!;
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 7401), port.Address);
        Assert.True(port.IsOptional);
        Assert.False(port.AlwaysRedirects);
        Assert.Null(port.Advertised);
        Assert.Null(port.Tls);
    }

    [Theory]
    [InlineData("--resp", "off")]
    [InlineData("--urls", "http://127.0.0.1:7500")]
    [InlineData("--postgres", _database)]
    public void Without_an_address_of_its_own_there_is_none_elsewhere(params string[] args) =>
        Assert.Null(Accepted(args).Resp);

    [Theory]
    [InlineData("10.0.0.5:7001", "10.0.0.5", 7001)]
    [InlineData("[fd00::5]:7001", "fd00::5", 7001)]
    [InlineData("redis-1.example.com:7001", "redis-1.example.com", 7001)]
    public void Clients_are_told_the_address_that_the_operator_names(string value, string host, int port) =>
        Assert.Equal(
            new DnsEndPoint(host, port), Accepted(["--resp", "127.0.0.1:7401", "--resp-advertise", value]).Resp!.Advertised);

    [Fact]
    public void In_a_cluster_a_server_bound_to_every_address_is_reached_where_the_others_reach_it()
    {
        string[] args = ["--postgres", _database, "--insecure", "--silo", "10.0.0.7:11111", "--resp"];
        Assert.Equal(new DnsEndPoint("10.0.0.7", 7401), Accepted([.. args, "0.0.0.0:7401"]).Resp!.Advertised);
        Assert.Null(Accepted([.. args, "10.0.0.8:7401"]).Resp!.Advertised);
    }

    [Theory]
    [InlineData("--resp", "0.0.0.0:7401", "anybody on the network", "--resp", "0.0.0.0:7401")]
    [InlineData("--resp", "nowhere", "is no address with a port", "--resp", "nowhere")]
    [InlineData("--resp-advertise", "0.0.0.0:7401", "is nothing that clients can connect to")]
    [InlineData("--resp-advertise", "host", "is nothing that clients can connect to")]
    [InlineData("--resp-advertise", "host:7401", "there is none", "--resp", "off")]
    [InlineData("--resp-moved", "never", "is neither asked nor always")]
    [InlineData("--resp-key", null, "is missing: TLS needs both files", "--resp-cert", "/no/such/file")]
    [InlineData("--resp-cert", "/no/such/file", "is no file", "--resp-key", "/no/such/file")]
    public void What_is_wrong_is_said_of_the_option(string option, string? value, string rule, params string[] others)
    {
        string[] args = others.Contains(option) || value is null ? others : [option, value, .. others];
        SettingProblem problem = Refused(args).First(p => p.Key == option);
        Assert.Contains(rule, problem.Rule, StringComparison.Ordinal);
        Assert.NotEmpty(problem.Remedy);
    }
}
