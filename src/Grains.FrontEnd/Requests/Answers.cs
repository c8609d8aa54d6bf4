using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json.Serialization.Metadata;
using Grains.FrontEnd.Connections;
using Grains.FrontEnd.Problems;
using Grains.Operations.Errors;
using Grains.Operations.Syntax;
using Grains.StateMachines.Ids;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Requests;

/// <summary>The forms of a good answer.</summary>
internal static class Answers
{
    public const string PositionHeader = "Grains-Position";

    public static Task JsonAsync<T>(HttpContext http, int status, T document, JsonTypeInfo<T> type)
    {
        AnswerBuffer body = AnswerBuffer.Of(http, document, type);
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.Length;
        return body.SendAsync();
    }

    /// <summary>
    /// Stored bytes as they were given. What users store is never a page of this site: see
    /// <see cref="Pages.PageHeaders"/>.
    /// </summary>
    public static Task ContentAsync(HttpContext http, byte[] content, string? contentType)
    {
        HttpResponse response = http.Response;
        response.ContentType = contentType ?? "application/octet-stream";
        response.ContentLength = content.Length;
        return HttpMethods.IsHead(http.Request.Method) ? Task.CompletedTask
            : content.Length <= Pieces.BytesMax ? WriteAsync(http, content)
            : WritePiecesAsync(http, content);
    }

    public static void SetVersion(HttpContext http, Revision version) =>
        http.Response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{version.Value}\"");

    /// <returns>The text of the header.</returns>
    public static string SetPosition(HttpContext http, Position position)
    {
        string text = position.ToString();
        http.Response.Headers[PositionHeader] = text;
        return text;
    }

    /// <summary>An answer without a body, or the refusal.</summary>
    public static Task EmptyAsync(HttpContext http, int status, OperationError? error = null)
    {
        if (error is not null)
        {
            return ProblemAnswer.WriteAsync(http, error);
        }

        http.Response.StatusCode = status;
        if (status != StatusCodes.Status204NoContent)
        {
            http.Response.ContentLength = 0;
        }

        return Task.CompletedTask;
    }

    /// <summary>
    /// It is stored, but not for as long as a reader likes: what replaces it does not take its memory back.
    /// </summary>
    private static async Task WritePiecesAsync(HttpContext http, byte[] content)
    {
        Traffic traffic = http.Features.Get<OpenConnection>()?.Answers ?? Traffic.Unbounded;
        using var passage = new Passage(traffic, http.Abort);
        passage.Take(content.Length);
        await Pieces.SendAsync(http, content, passage);
    }

    private static Task WriteAsync(HttpContext http, byte[] body)
    {
        // Head and body leave in one write, at once unless the caller reads slowly.
        ValueTask<FlushResult> written = http.Response.BodyWriter.WriteAsync(body);
        if (!written.IsCompletedSuccessfully)
        {
            return written.AsTask();
        }

        _ = written.Result;
        return Task.CompletedTask;
    }
}
