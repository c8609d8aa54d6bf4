using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Grains.FrontEnd.Connections;
using Grains.FrontEnd.Problems;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Requests;

/// <summary>
/// An answer of one JSON document a line, sent while it is made: what the reader has not taken holds back what follows.
/// </summary>
internal sealed class LinesAnswer<T> : IDisposable
{
    private const int _flushBytes = 32 << 10;

    private readonly HttpContext _http;
    private readonly JsonTypeInfo<T> _type;
    private readonly Utf8JsonWriter _writer;
    private readonly Passage _passage;
    private long _unsent;

    public LinesAnswer(HttpContext http, JsonTypeInfo<T> type)
    {
        (_http, _type) = (http, type);
        http.Response.StatusCode = StatusCodes.Status200OK;
        http.Response.ContentType = ApiMedia.Lines;
        _writer = new Utf8JsonWriter(
            http.Response.BodyWriter, new JsonWriterOptions { Encoder = type.Options.Encoder, SkipValidation = true });
        _passage = new Passage(http.Features.Get<OpenConnection>()?.Answers ?? Traffic.Unbounded, http.Abort);
    }

    /// <summary>So many stored bytes wait to be sent.</summary>
    /// <exception cref="RequestRefusedException">429: other answers use up the memory.</exception>
    public void Hold(int bytes) => _passage.Take(bytes);

    /// <param name="document">The next line.</param>
    /// <param name="held">Stored bytes in it, which were held.</param>
    /// <returns>False: the reader has gone.</returns>
    public async ValueTask<bool> AddAsync(T document, int held)
    {
        if (held > _flushBytes)
        {
            // Put into base64 piece by piece, as they are taken.
            await AnswerBuffer.Of(_http, document, _type).SendAsync();
        }
        else
        {
            _writer.Reset();
            JsonSerializer.Serialize(_writer, document, _type);
            _writer.Flush();
            _unsent += _writer.BytesCommitted;
        }

        _passage.Return(held);
        _http.Response.BodyWriter.GetSpan(1)[0] = (byte)'\n';
        _http.Response.BodyWriter.Advance(1);
        return _unsent < _flushBytes || await SendAsync();
    }

    /// <summary>Everything so far.</summary>
    /// <returns>False: the reader has gone.</returns>
    public ValueTask<bool> SendAsync()
    {
        _unsent = 0;
        return Pieces.FlushAsync(_http.Response.BodyWriter, _passage);
    }

    public void Dispose()
    {
        _passage.Dispose();
        _writer.Dispose();
    }
}
