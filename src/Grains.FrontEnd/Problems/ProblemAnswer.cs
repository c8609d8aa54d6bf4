using System.Globalization;
using System.Text.Json;
using Grains.Api;
using Grains.Api.Problems;
using Grains.Operations.Errors;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Problems;

/// <summary>Refusals on the wire: RFC 9457.</summary>
internal static class ProblemAnswer
{
    private const int _retryAfterMsDefault = 1_000;

    public static Task WriteAsync(HttpContext http, ProblemCode code, string detail) =>
        WriteAsync(http, new OperationError(code, detail));

    public static Task WriteAsync(HttpContext http, OperationError refused, string? instance = null)
    {
        Problem problem = Document(refused, instance);
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(problem, WireJson.Context.Problem);
        HttpResponse response = http.Response;
        response.StatusCode = problem.Status;
        response.ContentType = "application/problem+json";
        response.ContentLength = body.Length;
        response.Headers.CacheControl = "no-store";
        if (RetryAfterMs(refused, problem.Status) is { } waitMs)
        {
            response.Headers.RetryAfter = ((waitMs + 999) / 1_000).ToString(CultureInfo.InvariantCulture);
        }

        if (refused.Code == ProblemCode.UnsupportedMediaType && http.Request.Headers.ContentEncoding.Count > 0)
        {
            // RFC 9110, 15.5.16: tells it from a content type that is not taken.
            response.Headers.AcceptEncoding = "identity";
        }

        return HttpMethods.IsHead(http.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(body, 0, body.Length);
    }

    public static Problem Document(OperationError refused, string? instance = null)
    {
        ErrorDescription description = ErrorCatalog.Describe(refused.Code);
        return new Problem
        {
            Type = description.Page,
            Title = description.Title,
            Status = description.Status,
            Detail = refused.Detail,
            Instance = instance,
            Code = description.Code,
            Retryable = description.Retryable,
            Outcome = refused.Outcome == Outcome.None ? "none" : "unknown",
            Current = refused.Current,
            Limit = refused.Limit,
        };
    }

    /// <summary>When to ask again; null = it is not a matter of time.</summary>
    public static int? RetryAfterMs(OperationError refused, int status) =>
        status is not (StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable) ? null
        : refused.RetryAfterMs > 0 ? refused.RetryAfterMs
        : _retryAfterMsDefault;
}
