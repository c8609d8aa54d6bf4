using System.Buffers;
using System.Net;
using Grains.Api;
using Grains.Api.Deliveries;
using Grains.Handlers.Runs;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Operations.Syntax;

namespace Grains.Handlers.Push;

/// <summary>
/// What a handler's answer means. 2xx with no body: all messages are handled; with a commit: this is to be done; with
/// something else: handled too, unless the declaration is strict. 409, and 429 and 503 that say when: later, without
/// counting the attempt. 422: never, the body says why. Everything else: it failed.
/// </summary>
internal static class PushAnswer
{
    private const int _excerptChars = 200;

    /// <summary>What is only claimed to come is not paid for in advance.</summary>
    private const int _reservedBytesMax = 64 << 10;

    /// <summary>Longer than this, or than the service's longest back-off, nobody's answer holds a node.</summary>
    private const long _waitMsMax = 3_600_000;

    /// <param name="response">Its headers have come.</param>
    /// <param name="service">How long it waits, and whether it wants nothing but commits.</param>
    /// <param name="now">For an answer that names a date.</param>
    /// <param name="cancel">Ends it.</param>
    public static async Task<HandlerOutcome> ReadAsync(
        HttpResponseMessage response, ServiceSnapshot service, DateTimeOffset now, CancellationToken cancel)
    {
        int status = (int)response.StatusCode;
        if (response.StatusCode == HttpStatusCode.Conflict)
        {
            return new HandlerOutcome.Later(
                "The handler answered 409: later.",
                RetryAfter.MsOf(response, now) is { } ms ? Math.Min(ms, Limits.DelayMs) : null);
        }

        if (AsksForTime(response, now) is { } afterMs)
        {
            // Not sooner than after a failure: it does not count, so nothing else bounds how often it is asked.
            long waitMs = Math.Max(service.BackoffMs, Math.Min(afterMs, Math.Max(_waitMsMax, service.MaxBackoffMs)));
            return new HandlerOutcome.Later(
                $"The handler answered {status} with Retry-After: again in {waitMs} ms.", waitMs);
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

        return await ReadCommitAsync(response, service.Handler.IsStrict, cancel);
    }

    /// <summary>It is overloaded or away, and says for how long: it answered, and is not a URL that does not.</summary>
    public static long? AsksForTime(HttpResponseMessage response, DateTimeOffset now) => response.StatusCode
        is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable ? RetryAfter.MsOf(response, now) : null;

    private static async Task<HandlerOutcome> ReadCommitAsync(
        HttpResponseMessage response, bool isStrict, CancellationToken cancel)
    {
        if (response.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.ResetContent
            || response.Content.Headers.ContentLength == 0)
        {
            // The first two have no body, whatever is said of it.
            return new HandlerOutcome.Commit(new CommitRequest());
        }

        string? noCommit = AnswerContent.NoCommitByType(response);
        if (noCommit is not null && !isStrict)
        {
            return Ignored(noCommit);
        }

        string encoding = string.Join(", ", response.Content.Headers.ContentEncoding);
        if (encoding.Length > 0 && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            return new HandlerOutcome.Failed($"the answer's Content-Encoding is {encoding}; answer uncompressed");
        }

        (byte[] body, bool isWhole) = await BodyAsync(response, Limits.CommitJsonBytes, cancel);
        if (isWhole && body.Length == 0)
        {
            return new HandlerOutcome.Commit(new CommitRequest());
        }

        byte[] json = body.AsSpan().StartsWith(ByteOrderMark) ? body[ByteOrderMark.Length..] : body;
        if (!isStrict && !AnswerContent.IsMeantAsCommit(json, isWhole))
        {
            return Ignored("its JSON names no member of a commit");
        }

        if (noCommit is not null)
        {
            return new HandlerOutcome.Failed(
                $"the answer is not a commit: {noCommit}; 'handler.strict' asks for one, or for no body");
        }

        if (!isWhole)
        {
            return new HandlerOutcome.Failed($"the answer is over {Limits.CommitJsonBytes} bytes");
        }

        return JsonText.Parse(json, WireJson.Context.CommitRequest).TryGet(
            out CommitRequest? commit, out OperationError? error)
            ? new HandlerOutcome.Commit(commit)
            : new HandlerOutcome.Failed($"the answer is not a commit: {error.Detail}");
    }

    private static HandlerOutcome.Commit Ignored(string why) => new(
        new CommitRequest(), $"The handler's answer was taken as success, and what it said was ignored: {why}.");

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>As much of it as may be; false: there is more.</summary>
    private static async Task<(byte[] Body, bool IsWhole)> BodyAsync(
        HttpResponseMessage response, int bytesMax, CancellationToken cancel)
    {
        await using Stream from = await response.Content.ReadAsStreamAsync(cancel);
        long expected = response.Content.Headers.ContentLength ?? 0;

        // Of what is too long by its own word, the beginning tells what it was meant as.
        bytesMax = expected > bytesMax ? _reservedBytesMax : bytesMax;
        using var to = new MemoryStream((int)Math.Min(expected, _reservedBytesMax));
        byte[] buffer = ArrayPool<byte>.Shared.Rent(8 << 10);
        try
        {
            while (await from.ReadAsync(buffer, cancel) is > 0 and var read)
            {
                to.Write(buffer, 0, read);
                if (to.Length > bytesMax)
                {
                    return (to.ToArray(), false);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return (to.ToArray(), true);
    }

    private static async Task<string> ExcerptAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        await using Stream from = await response.Content.ReadAsStreamAsync(cancel);
        byte[] buffer = new byte[_excerptChars];
        int read = await from.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancel);
        string text = System.Text.Encoding.UTF8.GetString(buffer, 0, read);
        return text.Length == 0 ? "(no body)" : text;
    }
}
