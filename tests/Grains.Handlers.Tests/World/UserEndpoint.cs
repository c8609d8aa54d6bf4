using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Grains.Handlers.Tests.World;

/// <summary>A handler of a user: a web server on a port of its own, that answers as the test says.</summary>
internal sealed class UserEndpoint : IAsyncDisposable
{
    private readonly WebApplication _app;

    private UserEndpoint(WebApplication app)
    {
        _app = app;
        Address =
            app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
    }

    public string Address { get; }

    public string Url => Address + "/handle";

    /// <summary>Everything that arrived, in order.</summary>
    public ConcurrentQueue<Pushed> Seen { get; } = new();

    /// <summary>Asked for each request, after it was noted.</summary>
    public Func<HttpContext, Pushed, Task> Answer { get; set; } = (http, _) =>
    {
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    };

    public static async Task<UserEndpoint> StartAsync(int port = 0)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        UserEndpoint? endpoint = null;
        app.Run(http => endpoint!.HandleAsync(http));
        await app.StartAsync();
        endpoint = new UserEndpoint(app);
        return endpoint;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var pushed = new Pushed(
            http.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            body.ToArray());
        Seen.Enqueue(pushed);
        await Answer(http, pushed);
    }
}

/// <summary>One request that a server pushed.</summary>
internal sealed record Pushed(Dictionary<string, string> Headers, byte[] Body)
{
    public string Text => System.Text.Encoding.UTF8.GetString(Body);

    public System.Text.Json.JsonElement Json => System.Text.Json.JsonDocument.Parse(Body).RootElement;
}
