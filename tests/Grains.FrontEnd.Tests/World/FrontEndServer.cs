using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Grains.Operations.Access;
using Grains.Silo.Partitions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Grains.FrontEnd.Tests.World;

/// <summary>
/// The front end on a real Kestrel at a port that the system chose, over <see cref="FakePartitions"/>.
/// </summary>
internal sealed class FrontEndServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FrontEndServer(WebApplication app, FakePartitions partitions, ErrorLog errors)
    {
        _app = app;
        Partitions = partitions;
        Errors = errors;
        Address = new Uri(
            app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        Http = new HttpClient { BaseAddress = Address };
    }

    public FakePartitions Partitions { get; }

    public ErrorLog Errors { get; }

    public Uri Address { get; }

    public HttpClient Http { get; }

    public IServiceProvider Services => _app.Services;

    public static async Task<FrontEndServer> StartAsync(
        int partitionCount = 4, Action<FrontEndOptions>? configure = null,
        Action<IServiceCollection>? addServices = null, string? keysFile = null)
    {
        var partitions = new FakePartitions(partitionCount);
        var errors = new ErrorLog();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(errors);
        builder.Services.AddSingleton<IPartitions>(partitions);
        builder.Services.Configure<AccessOptions>(o => o.KeysFile = keysFile);
        builder.Services.AddGrainsFrontEnd(configure);
        addServices?.Invoke(builder.Services);
        WebApplication app = builder.Build();
        app.MapGrains();
        await app.StartAsync();
        return new FrontEndServer(app, partitions, errors);
    }

    /// <summary>With a keyspace <c>ks</c> and a service <c>words</c>.</summary>
    public static async Task<FrontEndServer> StartDeclaredAsync(
        string layout = "spread", Action<IServiceCollection>? addServices = null)
    {
        FrontEndServer server = await StartAsync(addServices: addServices);
        await server.Http.PutAsJsonAsync("/v1/keyspaces/ks", new { layout });
        await server.Http.PutAsJsonAsync("/v1/services/words", new { });
        return server;
    }

    public async Task<Reply> SendAsync(
        string method, string path, string? body = null, string? contentType = "application/json",
        params (string, string)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            if (contentType is not null)
            {
                request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
            }
        }

        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using HttpResponseMessage response = await Http.SendAsync(request);
        string text = await response.Content.ReadAsStringAsync();
        return new Reply((int)response.StatusCode, text)
        {
            Headers = response.Headers.Concat(response.Content.Headers)
                .ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase),
        };
    }

    /// <summary>Sends bytes as they are and reads until the server closes or has answered once.</summary>
    public async Task<Reply> RawAsync(string request)
    {
        using Socket socket = await ConnectAsync();
        try
        {
            await socket.SendAsync(Encoding.Latin1.GetBytes(request));
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            // A body that is too large is refused, and the connection closed, before it has come.
        }

        return await ReadReplyAsync(socket);
    }

    public async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, Address.Port);
        return socket;
    }

    public static async Task<Reply> ReadReplyAsync(Socket socket)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var received = new List<byte>();
        var buffer = new byte[16_384];
        while (true)
        {
            int count = await socket.ReceiveAsync(buffer, timeout.Token);
            received.AddRange(buffer.AsSpan(0, count));
            string text = Encoding.UTF8.GetString([.. received]);
            int end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0 || count == 0)
            {
                string head = end < 0 ? text : text[..end];
                string body = end < 0 ? "" : text[(end + 4)..];
                int length = LengthIn(head);
                if (count == 0 || Encoding.UTF8.GetByteCount(body) >= length)
                {
                    return new Reply(
                        head.Length == 0 ? 0 : int.Parse(head.Split(' ')[1], null), body) { Headers = HeadersIn(head) };
                }
            }
        }
    }

    /// <summary>Until the server closes, or resets because bytes came that it did not want.</summary>
    public static async Task<string> ReadAllAsync(Socket socket)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var buffer = new byte[16_384];
        var received = new StringBuilder();
        try
        {
            while (await socket.ReceiveAsync(buffer, timeout.Token) is > 0 and var count)
            {
                received.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            // What was said before counts.
        }

        return received.ToString();
    }

    public async Task<bool> IsAliveAsync() => (await SendAsync("GET", "/healthz")).Status == 200;

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _app.StopAsync(stop.Token);
        await _app.DisposeAsync();
    }

    private static Dictionary<string, string> HeadersIn(string head) => head.Split("\r\n").Skip(1)
        .Select(line => line.Split(": ", 2))
        .GroupBy(parts => parts[0], parts => parts[^1], StringComparer.OrdinalIgnoreCase)
        .ToDictionary(g => g.Key, g => string.Join(", ", g), StringComparer.OrdinalIgnoreCase);

    private static int LengthIn(string head)
    {
        foreach (string line in head.Split("\r\n"))
        {
            if (line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
            {
                return int.Parse(line.AsSpan(15), null);
            }
        }

        return 0;
    }
}

internal sealed record Reply(int Status, string Body)
{
    public Dictionary<string, string> Headers { get; init; } = [];

    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    /// <summary>"400 bad-path", the form in which tests state what they expect.</summary>
    public string Refusal => Body.StartsWith('{') && Json.TryGetProperty("code", out JsonElement code)
        ? $"{Status} {code.GetString()}"
        : $"{Status}";

    public string Detail => Json.GetProperty("detail").GetString()!;
}

/// <summary>What was logged as an error.</summary>
internal sealed class ErrorLog : ILoggerProvider, ILogger
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?,
        string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            Lines.Enqueue(formatter(state, exception) + exception);
        }
    }

    public void Dispose()
    {
    }
}
