using System.Text;
using Grains.Api.Problems;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Problems;
using Grains.Operations.Access;
using Grains.Silo.Partitions;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Routes;

/// <summary>What anyone may read: health, the API's document, the pages of the error codes.</summary>
internal sealed class PageRoutes(IPartitions partitions)
{
    private static readonly byte[] _alive = "alive\n"u8.ToArray();
    private static readonly byte[] _ready = "ready\n"u8.ToArray();
    private static readonly byte[] _notReady =
    [
        .. "not ready: settings are being read, partitions are being recovered by their owners, "u8,
        .. "or this server is about to stop\n"u8,
    ];

    private byte[]? _document;

    /// <param name="allRoutes">Every route of the API, these included; read when the document is first asked
    /// for.</param>
    public IEnumerable<ApiRoute> All(Func<IReadOnlyList<ApiRoute>> allRoutes) =>
    [
        new("GET", "/healthz", null, "The process is alive", (http, _) => TextAsync(http, 200, _alive))
        {
            Answers = [new(200, "Alive", MediaType: "text/plain")],
        },
        new("GET", "/readyz", null, "Ready for traffic", ReadyAsync)
        {
            Answers =
            [
                new(200, "Ready", MediaType: "text/plain"), new(503, "What is not ready", MediaType: "text/plain")
            ],
        },
        new("GET", "/openapi/v1.json", null, "This document", (http, _) => DocumentAsync(http, allRoutes))
        {
            Answers = [new(200, "OpenAPI 3.1", MediaType: "application/json")],
        },
        new("GET", "/errors/{code}", null, "Cause and remedy of an error code", ErrorAsync)
        {
            Answers = [new(200, "The page", MediaType: "text/markdown")],
        },
    ];

    private Task ReadyAsync(HttpContext http, Caller caller) =>
        partitions.IsReady ? TextAsync(http, StatusCodes.Status200OK, _ready)
        : TextAsync(http, StatusCodes.Status503ServiceUnavailable, _notReady);

    private Task DocumentAsync(HttpContext http, Func<IReadOnlyList<ApiRoute>> allRoutes)
    {
        _document ??= Encoding.UTF8.GetBytes(OpenApiDocument.Write(allRoutes()));
        return WriteAsync(http, StatusCodes.Status200OK, _document, "application/json");
    }

    private static Task ErrorAsync(HttpContext http, Caller caller)
    {
        string code = RequestPath.Of(http).Segment(1).ToString();
        return ErrorCatalog.IsCode(code) && ErrorCatalog.ReadPage(code) is { } page
            ? WriteAsync(http, StatusCodes.Status200OK, page, "text/markdown; charset=utf-8")
            : ProblemAnswer.WriteAsync(http, ProblemCode.RouteNotFound, "No error has this code.");
    }

    private static Task TextAsync(HttpContext http, int status, byte[] text) =>
        WriteAsync(http, status, text, "text/plain; charset=utf-8");

    private static Task WriteAsync(HttpContext http, int status, byte[] body, string contentType)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        http.Response.ContentLength = body.Length;
        http.Response.Headers.CacheControl = "no-cache";
        return http.Response.Body.WriteAsync(body, 0, body.Length);
    }
}
