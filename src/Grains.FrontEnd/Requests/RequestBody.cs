using System.Buffers;
using System.IO.Pipelines;
using Grains.Api.Problems;
using Grains.FrontEnd.Problems;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Requests;

/// <summary>Reads a body whole, into one array of exactly its length where the length is known beforehand.</summary>
internal static class RequestBody
{
    private const int _firstChunkBytes = 4 << 10;

    /// <exception cref="RequestRefusedException">Over <paramref name="limit"/> bytes, or the framing is broken.</exception>
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
            case { } length:
                return ReadExactlyAsync(request.BodyReader, (int)length);
            case null when request.Headers.TransferEncoding.Count == 0 && request.Protocol == HttpProtocol.Http11:
                return new ValueTask<byte[]>([]);
            default:
                return ReadToEndAsync(request.BodyReader, limit);
        }
    }

    /// <summary>
    /// A part would replace the whole (RFC 9110, 14.5), and content in a coding would be given back without its name (8.4).
    /// </summary>
    private static void RefusePart(HttpContext http)
    {
        IHeaderDictionary headers = http.Request.Headers;
        if (headers.ContentRange.Count > 0)
        {
            throw new RequestRefusedException(ProblemCode.BadHeader, "Content-Range has no meaning here: send the whole content.");
        }

        if (headers.ContentEncoding.Any(line => line.AsSpan().Trim(" \t,") is not ("" or "identity" or "Identity" or "IDENTITY")))
        {
            throw new RequestRefusedException(ProblemCode.UnsupportedMediaType,
                "Content-Encoding must be identity or absent: what is stored is given back as it came, without a coding.");
        }
    }

    private static async ValueTask<byte[]> ReadExactlyAsync(PipeReader reader, int length)
    {
        var body = new byte[length];
        int at = 0;
        while (true)
        {
            ReadResult read = await NextAsync(reader);
            foreach (ReadOnlyMemory<byte> part in read.Buffer)
            {
                part.Span.CopyTo(body.AsSpan(at));
                at += part.Length;
            }

            reader.AdvanceTo(read.Buffer.End);
            if (at == length)
            {
                return body;
            }

            RefuseCut(read);
        }
    }

    private static async ValueTask<byte[]> ReadToEndAsync(PipeReader reader, int limit)
    {
        var body = new ArrayBufferWriter<byte>(_firstChunkBytes);
        while (true)
        {
            ReadResult read = await NextAsync(reader);
            if (body.WrittenCount + read.Buffer.Length > limit)
            {
                reader.AdvanceTo(read.Buffer.End);
                throw TooLarge(limit);
            }

            foreach (ReadOnlyMemory<byte> part in read.Buffer)
            {
                body.Write(part.Span);
            }

            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return body.WrittenSpan.ToArray();
            }
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

    private static void RefuseCut(ReadResult read)
    {
        if (read.IsCompleted || read.IsCanceled)
        {
            throw new RequestRefusedException(ProblemCode.BadBody, "The body ended before its Content-Length.");
        }
    }

    private static RequestRefusedException TooLarge(int limit) =>
        new(ProblemCode.TooLarge, $"The body is over {limit} bytes.") { Limit = limit };
}
