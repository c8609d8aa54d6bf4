using System.Buffers;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using Grains.Api;
using Grains.Api.Deliveries;
using Grains.Api.Json;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.Handlers.Runs;

namespace Grains.Handlers.Push;

/// <summary>
/// What a handler's answer means. 2xx with no body: all messages are handled; with JSON: this is to be committed.
/// 409: later, without counting the attempt. 422: never, the body says why. Everything else: it failed.
/// </summary>
internal static class PushAnswer
{
    private const int _excerptChars = 200;

    /// <summary>What is only claimed to come is not paid for in advance.</summary>
    private const int _reservedBytesMax = 64 << 10;

    public static async Task<HandlerOutcome> ReadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        int status = (int)response.StatusCode;
        if (response.StatusCode == HttpStatusCode.Conflict)
        {
            return new HandlerOutcome.Later("The handler answered 409: later.", RetryAfterMs(response));
        }

        if (status is < 200 or >= 300)
        {
            string said = await ExcerptAsync(response, cancel);
            return response.StatusCode == HttpStatusCode.UnprocessableEntity
                ? new HandlerOutcome.Dead($"the handler answered 422: {said}")
                : new HandlerOutcome.Failed(status is >= 300 and < 400
                    ? $"the handler answered {status}, and redirects are not followed; give the URL that it leads to"
                    : $"the handler answered {status}: {said}");
        }

        return await ReadCommitAsync(response, cancel);
    }

    private static async Task<HandlerOutcome> ReadCommitAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        if (response.Content.Headers.ContentEncoding.Count > 0)
        {
            return new HandlerOutcome.Failed(
                $"the answer's Content-Encoding is {string.Join(", ", response.Content.Headers.ContentEncoding)}; answer uncompressed");
        }

        if (response.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.ResetContent)
        {
            // These have no body, whatever is said of it.
            return new HandlerOutcome.Commit(new CommitRequest());
        }

        if (await BodyAsync(response, Limits.CommitJsonBytes, cancel) is not { } body)
        {
            return new HandlerOutcome.Failed($"the answer is over {Limits.CommitJsonBytes} bytes");
        }

        if (body.Length == 0)
        {
            return new HandlerOutcome.Commit(new CommitRequest());
        }

        if (!IsJson(response.Content.Headers.ContentType))
        {
            return new HandlerOutcome.Failed(
                $"the answer's content type is '{response.Content.Headers.ContentType?.MediaType ?? "none"}'; "
                + "answer with application/json, or with no body");
        }

        try
        {
            return new HandlerOutcome.Commit(JsonBody.Parse(body, WireJson.Context.CommitRequest));
        }
        catch (RequestRefusedException e)
        {
            return new HandlerOutcome.Failed($"the answer is not a commit: {e.Message}");
        }
    }

    /// <summary>Null: it is longer than that.</summary>
    private static async Task<byte[]?> BodyAsync(HttpResponseMessage response, int bytesMax, CancellationToken cancel)
    {
        if (response.Content.Headers.ContentLength is { } length)
        {
            if (length > bytesMax)
            {
                return null;
            }

            if (length == 0)
            {
                return [];
            }
        }

        await using Stream from = await response.Content.ReadAsStreamAsync(cancel);
        using var to = new MemoryStream(Math.Min((int)(response.Content.Headers.ContentLength ?? 0), _reservedBytesMax));
        byte[] buffer = ArrayPool<byte>.Shared.Rent(8 << 10);
        try
        {
            while (await from.ReadAsync(buffer, cancel) is > 0 and var read)
            {
                if (to.Length + read > bytesMax)
                {
                    return null;
                }

                to.Write(buffer, 0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return to.ToArray();
    }

    private static async Task<string> ExcerptAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        await using Stream from = await response.Content.ReadAsStreamAsync(cancel);
        byte[] buffer = new byte[_excerptChars];
        int read = await from.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancel);
        string text = System.Text.Encoding.UTF8.GetString(buffer, 0, read);
        return text.Length == 0 ? "(no body)" : text;
    }

    private static long? RetryAfterMs(HttpResponseMessage response)
    {
        TimeSpan? after = response.Headers.RetryAfter?.Delta
            ?? (response.Headers.RetryAfter?.Date is { } date ? date - DateTimeOffset.UtcNow : null);
        return after is null ? null : (long)Math.Clamp(after.Value.TotalMilliseconds, 0, Limits.DelayMs);
    }

    private static bool IsJson(MediaTypeHeaderValue? type) => type?.MediaType is { } media
        && (media.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || media.EndsWith("+json", StringComparison.OrdinalIgnoreCase))
        && (type.CharSet is null || type.CharSet.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase));
}
