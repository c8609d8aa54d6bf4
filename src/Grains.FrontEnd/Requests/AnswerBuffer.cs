using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Grains.Api.Json;
using Grains.FrontEnd.Connections;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Requests;

/// <summary>
/// A JSON answer while it is made and sent. A small one leaves in one write. Of a large one, what is stored is put into
/// base64 only as the reader takes it, and the rest is counted: a reader who takes nothing costs next to nothing.
/// </summary>
internal sealed class AnswerBuffer : IBufferWriter<byte>, ILaterBytes
{
    private const int _firstBytes = 16 << 10;
    private const int _segmentBytes = 64 << 10;

    /// <summary>Of what is stored, put into base64 at once: a multiple of three, so that pieces fit together.</summary>
    private const int _pieceBytes = 48 << 10;

    private readonly HttpContext _http;

    /// <summary>Before what is in hand: text as it is, or stored bytes that become text.</summary>
    private readonly Queue<(ArraySegment<byte> Bytes, bool IsStored)> _before = [];
    private Passage? _passage;
    private byte[] _current = ArrayPool<byte>.Shared.Rent(_firstBytes);
    private int _begin;
    private int _at;

    private AnswerBuffer(HttpContext http) => _http = http;

    public int Length { get; private set; }

    /// <exception cref="Problems.RequestRefusedException">429: other answers use up the memory.</exception>
    public static AnswerBuffer Of<T>(HttpContext http, T document, JsonTypeInfo<T> type)
    {
        var buffer = new AnswerBuffer(http);
        Base64Content.Later = buffer;
        try
        {
            using var writer = new Utf8JsonWriter(
                buffer, new JsonWriterOptions { Encoder = type.Options.Encoder, SkipValidation = true });
            JsonSerializer.Serialize(writer, document, type);
            writer.Flush();
            return buffer;
        }
        catch
        {
            buffer._passage?.Dispose();
            throw;
        }
        finally
        {
            Base64Content.Later = null;
        }
    }

    public Task SendAsync() => _before.Count == 0 ? SendSmall() : SendLargeAsync();

    public void Add(byte[] bytes)
    {
        EndText();
        _before.Enqueue((bytes, true));
        Length += Base64.GetMaxEncodedToUtf8Length(bytes.Length) + 1;
    }

    public void Advance(int count)
    {
        _at += count;
        Length += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        int needed = Math.Max(sizeHint, 1);
        if (_current.Length - _at < needed)
        {
            int bytes = Math.Max(needed, _segmentBytes);
            _passage ??= NewPassage();
            _passage.Take(bytes);
            EndText();
            _current = GC.AllocateUninitializedArray<byte>(bytes);
            (_begin, _at) = (0, 0);
        }

        return _current.AsMemory(_at);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    private Passage NewPassage() =>
        new(_http.Features.Get<OpenConnection>()?.Answers ?? Traffic.Unbounded, _http.Abort);

    private void EndText()
    {
        if (_at > _begin)
        {
            _before.Enqueue((new ArraySegment<byte>(_current, _begin, _at - _begin), false));
            _begin = _at;
        }
    }

    private Task SendSmall()
    {
        // Head and body leave in one write, at once unless the caller reads slowly; the bytes are copied before it
        // returns.
        ValueTask<FlushResult> written = _http.Response.BodyWriter.WriteAsync(_current.AsMemory(0, _at));
        ArrayPool<byte>.Shared.Return(_current);
        if (!written.IsCompletedSuccessfully)
        {
            return written.AsTask();
        }

        _ = written.Result;
        return Task.CompletedTask;
    }

    private async Task SendLargeAsync()
    {
        EndText();
        using Passage passage = _passage ?? NewPassage();
        while (_before.TryDequeue(out (ArraySegment<byte> Bytes, bool IsStored) next))
        {
            bool isTaken = next.IsStored
                ? await SendStoredAsync(next.Bytes, passage)
                : await Pieces.SendAsync(_http, next.Bytes, passage);
            if (!isTaken)
            {
                return;
            }
        }
    }

    private async ValueTask<bool> SendStoredAsync(ReadOnlyMemory<byte> bytes, Passage passage)
    {
        PipeWriter to = _http.Response.BodyWriter;
        do
        {
            ReadOnlyMemory<byte> piece = bytes[..Math.Min(bytes.Length, _pieceBytes)];
            bytes = bytes[piece.Length..];
            Encode(piece.Span, to, isLast: bytes.Length == 0);
            if (!await Pieces.FlushAsync(to, passage))
            {
                return false;
            }
        }
        while (bytes.Length > 0);
        return true;
    }

    private static void Encode(ReadOnlySpan<byte> bytes, PipeWriter to, bool isLast)
    {
        Span<byte> text = to.GetSpan(Base64.GetMaxEncodedToUtf8Length(bytes.Length) + 1);
        Base64.EncodeToUtf8(bytes, text, out _, out int count);
        if (isLast)
        {
            text[count++] = (byte)'"';
        }

        to.Advance(count);
    }
}
