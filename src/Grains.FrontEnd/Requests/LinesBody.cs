using Grains.Api.Problems;
using Grains.FrontEnd.Problems;
using Grains.Operations.Errors;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Requests;

/// <summary>
/// Bodies of one JSON document a line (NDJSON). A line ends with LF, or CR LF, or with the body; nothing else ends one,
/// so whatever stands in a line, the next one is found.
/// </summary>
internal static class LinesBody
{
    private static readonly string[] _mediaTypes = [ApiMedia.Lines, "application/ndjson", "application/jsonl"];

    /// <summary>Where each line is that is not blank, and which one it is, from 0.</summary>
    /// <exception cref="RequestRefusedException">415, 413 (more bytes, or lines), or the framing is
    /// broken.</exception>
    public static async ValueTask<LineOf[]> ReadAsync(HttpContext http, int bytesMax, int linesMax)
    {
        RequireLines(http);
        byte[] body = await RequestBody.ReadAsync(http, bytesMax);
        var lines = new List<LineOf>();
        int number = 0;
        for (int at = 0; at < body.Length; number++)
        {
            int length = body.AsSpan(at).IndexOf((byte)'\n');
            ReadOnlyMemory<byte> line = body.AsMemory(at, length < 0 ? body.Length - at : length);
            at += line.Length + 1;
            if (!line.Span.ContainsAnyExcept(" \t\r"u8))
            {
                continue;
            }

            if (lines.Count == linesMax)
            {
                throw new RequestRefusedException(
                    new OperationError(ProblemCode.TooLarge, $"The body has over {linesMax} lines; none was done.")
                    {
                        Limit = linesMax,
                    });
            }

            lines.Add(new LineOf(number, line));
        }

        return [.. lines];
    }

    /// <summary>Before the body is read: an absent content type passes, another one does not.</summary>
    private static void RequireLines(HttpContext http)
    {
        string? contentType = RequestHeaders.ContentType(http);
        ReadOnlySpan<char> media = contentType.AsSpan();
        int end = media.IndexOf(';');
        string given = (end < 0 ? media : media[..end]).Trim().ToString();
        if (contentType is not null && !_mediaTypes.Contains(given, StringComparer.OrdinalIgnoreCase))
        {
            throw new RequestRefusedException(
                ProblemCode.UnsupportedMediaType, $"The body must be {ApiMedia.Lines}: a JSON object on each line.");
        }
    }
}

/// <summary>A line of a body.</summary>
/// <param name="Number">From 0; blank ones count.</param>
/// <param name="Text">Without its end.</param>
internal readonly record struct LineOf(int Number, ReadOnlyMemory<byte> Text);
