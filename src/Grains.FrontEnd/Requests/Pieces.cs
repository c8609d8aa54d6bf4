using System.IO.Pipelines;
using Grains.FrontEnd.Connections;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Requests;

/// <summary>Bytes on their way out, no more at once than a reader who takes none may cost.</summary>
internal static class Pieces
{
    public const int BytesMax = 64 << 10;

    /// <returns>False: the reader has gone.</returns>
    public static async ValueTask<bool> SendAsync(HttpContext http, ReadOnlyMemory<byte> bytes, Passage passage)
    {
        while (bytes.Length > 0)
        {
            ReadOnlyMemory<byte> piece = bytes[..Math.Min(bytes.Length, BytesMax)];
            if (!Moved(await http.Response.BodyWriter.WriteAsync(piece), passage))
            {
                return false;
            }

            bytes = bytes[piece.Length..];
        }

        return true;
    }

    /// <returns>False: the reader has gone.</returns>
    public static async ValueTask<bool> FlushAsync(PipeWriter to, Passage passage) =>
        Moved(await to.FlushAsync(), passage);

    private static bool Moved(FlushResult flushed, Passage passage)
    {
        if (flushed.IsCompleted || flushed.IsCanceled || passage.IsCut)
        {
            return false;
        }

        passage.Moved();
        return true;
    }
}
