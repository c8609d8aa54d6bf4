using System.Net;
using System.Text.Json;

namespace Grains.Server.Tests.Cluster;

public sealed class ClusterTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    [Fact]
    public async Task What_was_put_through_one_server_is_read_through_another()
    {
        using HttpResponseMessage made =
            await cluster.Web.PutAsync("/v1/keyspaces/demo", """{"layout": "spread"}""", "application/json");
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync());
        for (int i = 0; i < 20; i++)
        {
            using HttpResponseMessage put = await cluster.Web.PutAsync($"/v1/keyspaces/demo/keys/k{i}", $"v{i}");
            Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync());
        }

        for (int i = 0; i < 20; i++)
        {
            using HttpResponseMessage got = await cluster.All.GetAsync($"/v1/keyspaces/demo/keys/k{i}");
            Assert.Equal($"v{i}", await got.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task A_server_without_partitions_owns_none_and_the_others_own_all()
    {
        using HttpResponseMessage answer = await cluster.Web.GetAsync("/v1/cluster/partitions");
        using JsonDocument list = JsonDocument.Parse(await answer.Content.ReadAsStreamAsync());
        string?[] owners =
        [
            .. list.RootElement.GetProperty("partitions").EnumerateArray()
            .Select(p => p.GetProperty("owner").GetString())
        ];
        Assert.Equal(8, owners.Length);
        Assert.All(owners, o => Assert.Contains(o, (string[])["a", "b"]));
    }

    [Theory]
    [InlineData("/healthz", HttpStatusCode.OK)]
    [InlineData("/readyz", HttpStatusCode.OK)]
    [InlineData("/metrics", HttpStatusCode.OK)]
    [InlineData("/v1/keyspaces", HttpStatusCode.NotFound)]
    [InlineData("/v1/cluster", HttpStatusCode.NotFound)]
    [InlineData("/openapi/v1.json", HttpStatusCode.NotFound)]
    [InlineData("/api", HttpStatusCode.NotFound)]
    [InlineData("/dashboard", HttpStatusCode.NotFound)]
    public async Task A_server_of_partitions_only_answers_about_its_health_and_nothing_else(
        string path, HttpStatusCode expected)
    {
        using HttpResponseMessage answer = await cluster.Silo.GetAsync(path);
        Assert.Equal(expected, answer.StatusCode);
    }

    [Fact]
    public async Task A_metric_says_when_the_certificate_runs_out()
    {
        using HttpResponseMessage answer = await cluster.Silo.GetAsync("/metrics");
        Assert.Contains(
            "grains_tls_expiry_seconds", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/keyspaces")]
    [InlineData("/v1/cluster")]
    [InlineData("/dashboard/")]
    [InlineData("/dashboard/DashboardCounters")]
    [InlineData("/readyz")]
    public async Task Servers_with_the_API_show_all_of_it_and_the_dashboard(string path)
    {
        foreach (RunningServer server in new[] { cluster.All, cluster.Web })
        {
            using HttpResponseMessage answer = await server.GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    [Fact]
    public async Task The_announcement_names_members_data_and_durability()
    {
        await cluster.All.SaysAsync("server      a, role all, of the cluster grains");
        await cluster.All.SaysAsync("a at 127.0.0.1:");
        await cluster.All.SaysAsync($"data        127.0.0.1:{cluster.Postgres.Port}/postgres, schema grains");
        await cluster.All.SaysAsync("durability  Postgres at");
        await cluster.All.SaysAsync("--json '{\"layout\": \"spread\"}'");
        await cluster.Silo.SaysAsync("connections");
        Assert.DoesNotContain("curl", cluster.Silo.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_server_says_the_secret_however_much_it_logs()
    {
        foreach (RunningServer server in new[] { cluster.All, cluster.Silo, cluster.Web })
        {
            await server.SaysAsync("trce: ");
            Assert.DoesNotContain(ClusterFixture.Secret, server.Said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_name_that_a_living_server_has_is_refused()
    {
        await using RunningServer other = Start("--name", "a");
        Assert.Equal(1, await other.EndAsync());
        Assert.Contains("The name a is in use by a living server", other.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_cluster_in_the_schema_of_a_living_one_is_refused()
    {
        await using RunningServer other = Start("--name", "x", "--cluster", "other");
        Assert.Equal(1, await other.EndAsync());
        Assert.Contains("in use by the cluster grains", other.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_TLS_does_not_get_in()
    {
        await using RunningServer other = Start("--name", "plain");
        Assert.NotEqual(0, await other.EndAsync());
        Assert.Contains("all with TLS or all without", other.Said, StringComparison.Ordinal);
    }

    private RunningServer Start(params string[] args) => RunningServer.Start(
        ["--silo", $"127.0.0.1:{FreePort.Find()}", .. args],
        new Dictionary<string, string> { ["GRAINS_POSTGRES"] = cluster.Connection });
}
