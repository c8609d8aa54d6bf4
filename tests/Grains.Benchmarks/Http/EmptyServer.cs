using Grains.Benchmarks.Loads;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Grains.Benchmarks.Http;

/// <summary>What the web server costs by itself: takes the same requests, keeps nothing.</summary>
internal static class EmptyServer
{
    private const string _key = "/v1/keyspaces/{keyspace}/keys/{key}";
    private static readonly byte[] _value = new byte[BenchmarkKeys.ValueBytes];

    public static async Task RunAsync(int port)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(240, TimeSpan.FromSeconds(5));
        });
        await using WebApplication server = builder.Build();
        server.MapGet("/readyz", http => AnswerAsync(http, []));
        server.MapPut(_key, PutAsync);
        server.MapGet(_key, http => AnswerAsync(http, _value));
        await server.RunAsync();
    }

    private static async Task PutAsync(HttpContext http)
    {
        byte[] body = new byte[http.Request.ContentLength ?? 0];
        await http.Request.Body.ReadExactlyAsync(body);
        http.Response.ContentLength = 0;
    }

    private static Task AnswerAsync(HttpContext http, byte[] body)
    {
        http.Response.ContentType = "application/octet-stream";
        http.Response.ContentLength = body.Length;
        return http.Response.BodyWriter.WriteAsync(body).AsTask();
    }
}
