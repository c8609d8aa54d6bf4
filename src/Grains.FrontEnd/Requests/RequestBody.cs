using System.Buffers;
using System.IO.Pipelines;
using Grains.Api.Problems;
using Grains.FrontEnd.Connections;
using Grains.FrontEnd.Problems;
using Grains.Operations.Errors;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Grains.FrontEnd.Requests;

/// <summary>
/// Reads a body whole, into one array of exactly its length. The array grows with what has come, not with what was
/// announced: never more than four times of it is held, and what is held is counted.
/// </summary>
internal static class RequestBody
{
    private const int _firstBytes = 64 << 10;
    private const int _firstUnknownBytes = 4 << 10;
    private const int _growth = 4;

    /// <exception cref="RequestRefusedException">Over <paramref name="limit"/> bytes, or the framing is
    /// broken.</exception>
    public static ValueTask<byte[]> ReadAsync(HttpContext http, int limit)
    {
        HttpRequest request = http.Request;
        RefusePart(http);
        switch (request.ContentLength)
        {
            case 0:
                return new ValueTask<byte[]>([]);
            case { } length when length > limit:
                throw TooLarge(limit);
            case { } length and <= _firstBytes when TryReadAtOnce(http, (int)length) is { } body:
                return new ValueTask<byte[]>(body);
            case { } length:
                return ReadAsync(http, (int)length, isExact: true);
            case null when request.Headers.TransferEncoding.Count == 0 && request.Protocol == HttpProtocol.Http11:
                return new ValueTask<byte[]>([]);
            default:
                return ReadAsync(http, limit, isExact: false);
        }
    }

    /// <summary>One that has come together with its head, as short ones do; null = it has not.</summary>
    private static byte[]? TryReadAtOnce(HttpContext http, int length)
    {
        PipeReader reader = http.Request.BodyReader;
        if (!reader.TryRead(out ReadResult read))
        {
            return null;
        }

        if (read.Buffer.Length != length)
        {
            reader.AdvanceTo(read.Buffer.Start);
            return null;
        }

        try
        {
            http.Features.Get<OpenConnection>()?.HoldBody(length);
            byte[] body = GC.AllocateUninitializedArray<byte>(length);
            read.Buffer.CopyTo(body);
            return body;
        }
        finally
        {
            reader.AdvanceTo(read.Buffer.End);
        }
    }

    /// <summary>
    /// A part would replace the whole (RFC 9110, 14.5), and content in a coding would be given back without its name
    /// (8.4).
    /// </summary>
    private static void RefusePart(HttpContext http)
    {
        IHeaderDictionary headers = http.Request.Headers;
        if (headers.ContentRange.Count > 0)
        {
            throw new RequestRefusedException(
                ProblemCode.BadHeader, "Content-Range has no meaning here: send the whole content.");
        }

        if (headers.ContentEncoding.Count > 0 && headers.ContentEncoding.Any(
            line => line.AsSpan().Trim(" \t,") is not ("" or "identity" or "Identity" or "IDENTITY")))
        {
            throw new RequestRefusedException(ProblemCode.UnsupportedMediaType,
                "Content-Encoding must be identity or absent: what is stored is given back as it came, without a "
                + "coding.");
        }
    }

    /// <param name="http">Whose body.</param>
    /// <param name="length">So many bytes, or at the most.</param>
    /// <param name="isExact">The caller has said how many there are.</param>
    private static async ValueTask<byte[]> ReadAsync(HttpContext http, int length, bool isExact)
    {
        PipeReader reader = http.Request.BodyReader;
        var connection = http.Features.Get<OpenConnection>();
        var passage = new Passage(connection?.Bodies ?? Traffic.Unbounded, reader.CancelPendingRead);
        if (connection is not null)
        {
            connection.Body = passage;
        }

        using var body = new GrowingBody(length, isExact, passage);
        body.Grow(Math.Min(length, isExact ? _firstBytes : _firstUnknownBytes));
        LargeTurns turns = connection?.LargeTurns ?? LargeTurns.Unbounded;
        bool isLarge = false;
        while (true)
        {
            ReadResult read = await NextAsync(reader);
            if (!isLarge && (body.Capacity > _firstBytes || (isExact && length > _firstBytes)))
            {
                isLarge = true;
                turns.CountLarge();
            }

            using LargeTurns.Turn turn = isLarge ? await turns.BeginAsync(read.Buffer.Length) : default;
            if (passage.IsCut)
            {
                reader.AdvanceTo(read.Buffer.End);
                http.Response.Headers.Connection = "close";
                throw new RequestRefusedException(
                    ProblemCode.BodyTooSlow,
                    "Others needed the memory of this body, of which nothing had come for a second.");
            }

            if (body.Count + read.Buffer.Length > length)
            {
                reader.AdvanceTo(read.Buffer.End);
                throw TooLarge(length);
            }

            try
            {
                foreach (ReadOnlyMemory<byte> part in read.Buffer)
                {
                    while (body.Capacity - body.Count < part.Length)
                    {
                        Require(http, body.Capacity);
                        body.Grow((int)Math.Min(length, (long)body.Capacity * _growth));
                    }

                    body.Add(part.Span);
                }
            }
            finally
            {
                // Also where it is refused: the web server reads on, and breaks the connection of a reader that stands.
                reader.AdvanceTo(read.Buffer.End);
            }

            passage.Moved();
            if (isExact ? body.Count == length : read.IsCompleted)
            {
                return body.ToArray();
            }

            if (read.IsCompleted || read.IsCanceled)
            {
                throw new RequestRefusedException(ProblemCode.BadBody, "The body ended before its Content-Length.");
            }
        }
    }

    /// <summary>What takes much memory is to come at a rate.</summary>
    private static void Require(HttpContext http, int bytes)
    {
        if (bytes == _firstBytes && http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = KestrelRules.LargeRate;
        }
    }

    private static async ValueTask<ReadResult> NextAsync(PipeReader reader)
    {
        try
        {
            return await reader.ReadAsync();
        }
        catch (IOException e) when (e is not (BadHttpRequestException or ConnectionResetException))
        {
            // Kestrel reports a chunk size that no number holds in this way, and would answer 500.
            throw new RequestRefusedException(ProblemCode.BadBody, "The framing of the body is broken: " + e.Message);
        }
    }

    private static RequestRefusedException TooLarge(int limit) =>
        new(new OperationError(ProblemCode.TooLarge, $"The body is over {limit} bytes.") { Limit = limit });
}
