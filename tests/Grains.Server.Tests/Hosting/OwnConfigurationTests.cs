using System.Net;
using System.Net.Sockets;
using System.Text;
using Grains.Server.Tests.Backups;
using Grains.Server.Tests.Cluster;

namespace Grains.Server.Tests.Hosting;

/// <summary>
/// A real server amid settings of the hosts below it, which want it to listen elsewhere and to show itself.
/// </summary>
public sealed class OwnConfigurationTests : IAsyncLifetime
{
    private static readonly string[] _addresses =
    [
        "ASPNETCORE_URLS", "DOTNET_URLS", "URLS", "Kestrel__Endpoints__X__Url", "ASPNETCORE_Kestrel__Endpoints__Y__Url",
    ];

    private static readonly string[] _ports = ["ASPNETCORE_HTTP_PORTS", "DOTNET_HTTP_PORTS"];

    private readonly TempFolder _folder = new();
    private readonly TcpListener _collector = new(IPAddress.Loopback, 0);
    private RunningServer? _server;

    public async Task InitializeAsync()
    {
        _collector.Start();
        var environment = new Dictionary<string, string>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["DOTNET_ENVIRONMENT"] = "Development",
            ["ASPNETCORE_HOSTINGSTARTUPASSEMBLIES"] = "Nothing.Of.The.Kind",
            ["ASPNETCORE_FORWARDEDHEADERS_ENABLED"] = "true",
            ["AllowedHosts"] = "elsewhere.example",
            ["Logging__LogLevel__Default"] = "None",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://{_collector.LocalEndpoint}",
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
        };
        foreach (string name in _addresses)
        {
            environment[name] = $"http://0.0.0.0:{FreePort.Find()}";
        }

        foreach (string name in _ports)
        {
            environment[name] = $"{FreePort.Find()}";
        }

        Directory.CreateDirectory(_folder["here"]);
        await File.WriteAllTextAsync(
            Path.Combine(_folder["here"], "appsettings.json"),
            $$"""
            {"Urls": "http://0.0.0.0:{{FreePort.Find()}}", "Grains": {"Urls": "http://0.0.0.0:{{FreePort.Find()}}" },
             "Kestrel": {"Endpoints": {"Z": {"Url": "http://0.0.0.0:{{FreePort.Find()}}" } } } }
            """);
        _server = RunningServer.Start(
            ["--data", _folder["data"], "--partitions", "2", "--dashboard", "false"], environment, _folder["here"]);
        await _server.ReadyAsync();
    }

    public async Task DisposeAsync()
    {
        await _server!.DisposeAsync();
        _collector.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Only_its_own_settings_count_and_the_others_are_named()
    {
        // No port for other servers either: it is alone.
        Assert.Equal([new IPEndPoint(IPAddress.Loopback, new Uri(_server!.Url).Port)], Listening.Of(_server.Id));
        foreach (string name in (string[])[.. _addresses, .. _ports, "Logging__LogLevel__Default", "appsettings.json"])
        {
            await _server.SaysAsync(name);
        }

        using HttpResponseMessage missing = await _server.GetAsync("/v1/keyspaces/none/keys/a");
        string answer = await missing.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.DoesNotContain("   at ", answer, StringComparison.Ordinal);
        Assert.Equal("application/problem+json", missing.Content.Headers.ContentType?.MediaType);

        using HttpResponseMessage metrics = await _server.GetAsync("/metrics");
        Assert.Contains(
            "kestrel_active_connections", await metrics.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("POST /v1/traces HTTP/1.1", await TraceRequestAsync());
    }

    private async Task<string?> TraceRequestAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using TcpClient caller = await _collector.AcceptTcpClientAsync(deadline.Token);
        using var reader = new StreamReader(caller.GetStream(), Encoding.ASCII);
        return await reader.ReadLineAsync(deadline.Token);
    }
}
