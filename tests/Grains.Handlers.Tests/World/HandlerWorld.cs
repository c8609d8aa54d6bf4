using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Grains.Server;
using Grains.Server.Logs;
using Grains.Server.Options;
using Grains.Silo.Ownership;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Grains.Handlers.Tests.World;

/// <summary>A whole server in this process, on a folder of its own, and what a user does with it.</summary>
internal sealed class HandlerWorld : IAsyncDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);

    private readonly WebApplication _server;
    private readonly string _folder;

    private HandlerWorld(WebApplication server, string folder, string url)
    {
        _server = server;
        _folder = folder;
        Http = new HttpClient { BaseAddress = new Uri(url) };
    }

    public HttpClient Http { get; }

    public IServiceProvider Services => _server.Services;

    public static async Task<HandlerWorld> StartAsync(
        Action<ISiloBuilder>? more = null, IReadOnlyList<IPNetwork>? pushTo = null, int partitions = 4)
    {
        string folder = Directory.CreateTempSubdirectory("grains-handlers-").FullName;
        string url = $"http://127.0.0.1:{FreePort.Find()}";
        var options = new GrainsOptions
        {
            DataFolder = folder,
            Urls = [new Uri(url)],
            Partitions = partitions,
            PushTo = pushTo ?? [IPNetwork.Parse("127.0.0.0/8")],
        };
        WebApplicationBuilder builder = GrainsHost.CreateBuilder(LogLevels.Usual);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        WebApplication server = await builder.AddGrainsServerAsync(options, more ?? (_ => { }));
        server.MapGrainsServer(options);
        await server.StartAsync();
        await server.Services.GetRequiredService<PartitionReadiness>().WaitAsync(CancellationToken.None)
            .WaitAsync(_deadline);
        return new HandlerWorld(server, folder, url);
    }

    public async Task DeclareAsync(string service, object declaration)
    {
        using HttpResponseMessage response = await Http.PutAsJsonAsync($"/v1/services/{service}", declaration);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <returns>The message's id.</returns>
    public async Task<string> SendAsync(
        string service,
        string node,
        string body,
        string? contentType = "text/plain",
        string query = "",
        params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Post, $"/v1/services/{service}/nodes/{node}/messages{query}")
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)),
        };
        if (contentType is not null)
        {
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using HttpResponseMessage response = await Http.SendAsync(request);
        string answer = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, answer);
        return JsonDocument.Parse(answer).RootElement.GetProperty("id").GetString()!;
    }

    public async Task<string?> StateAsync(string service, string node)
    {
        using HttpResponseMessage response = await Http.GetAsync($"/v1/services/{service}/nodes/{node}/state");
        return response.StatusCode == HttpStatusCode.NotFound ? null : await response.Content.ReadAsStringAsync();
    }

    public async Task<JsonElement> GetAsync(string path)
    {
        using HttpResponseMessage response = await Http.GetAsync(path);
        string answer = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, answer);
        return JsonDocument.Parse(answer).RootElement;
    }

    public Task<JsonElement> ExplainAsync(string service, string node) =>
        GetAsync($"/v1/explain/services/{service}/nodes/{node}");

    /// <summary>The reason of the node's only dead letter, once it has one.</summary>
    public async Task<string> DeadAsync(string service, string node)
    {
        JsonElement letters = default;
        await UntilAsync(async () =>
        {
            letters = (await GetAsync($"/v1/services/{service}/nodes/{node}/dead")).GetProperty("messages");
            return letters.GetArrayLength() > 0;
        });
        return Assert.Single(letters.EnumerateArray()).GetProperty("reason").GetString()!;
    }

    /// <summary>Nothing waits at the node, and nothing is out.</summary>
    public Task UntilIdleAsync(string service, string node) => UntilAsync(async () =>
    {
        using HttpResponseMessage response = await Http.GetAsync($"/v1/explain/services/{service}/nodes/{node}");
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return true;
        }

        JsonElement answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        return answer.GetProperty("status").GetString() == "idle";
    });

    /// <summary>
    /// What the server of that node says of its last trouble: once a run has ended, a moment after its message has.
    /// </summary>
    public async Task<string> LastTroubleAsync(string service, string node)
    {
        JsonElement trouble = default;
        await UntilAsync(
            async () =>
                (await ExplainAsync(service, node)).GetProperty("handler").TryGetProperty("lastTrouble", out trouble));
        return trouble.GetString()!;
    }

    public static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var deadline = new CancellationTokenSource(_deadline);
        while (!await holds())
        {
            await Task.Delay(20, deadline.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _server.StopAsync();
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
