using System.Text;
using Grains.Api;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Grains.FrontEnd.Requests;

/// <summary>What the web server itself enforces before a request is ours.</summary>
internal static class KestrelRules
{
    private const int _bodyBytesPerSecondMin = 240;
    private const int _largeBytesPerSecondMin = 16 << 10;

    /// <summary>Of what has come and is not read yet, each connection keeps so much.</summary>
    private const int _unreadBytesMax = 128 << 10;

    private static readonly TimeSpan _headersMax = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan _grace = TimeSpan.FromSeconds(5);

    /// <summary>Of what costs memory: a large body, an answer.</summary>
    public static MinDataRate LargeRate { get; } = new(_largeBytesPerSecondMin, _grace);

    public static void Apply(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = Limits.CommitJsonBytes;
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(_bodyBytesPerSecondMin, _grace);
        kestrel.Limits.MinResponseDataRate = LargeRate;
        kestrel.Limits.MaxRequestBufferSize = _unreadBytesMax;
        kestrel.Limits.MaxResponseBufferSize = Pieces.BytesMax;
        kestrel.Limits.RequestHeadersTimeout = _headersMax;
        kestrel.RequestHeaderEncodingSelector = name =>
            name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) ? DigitsOnly.Instance : null;
    }

    /// <summary>
    /// Kestrel reads a length with a sign (<c>Content-Length: +3</c>), where a proxy before it may see none: request
    /// smuggling. It parses what this decodes, so a character that is no digit becomes one that it refuses.
    /// </summary>
    private sealed class DigitsOnly : Encoding
    {
        public static readonly DigitsOnly Instance = new();

        public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
        {
            int count = Math.Min(bytes.Length, chars.Length);
            for (int i = 0; i < count; i++)
            {
                chars[i] = bytes[i] is >= (byte)'0' and <= (byte)'9' ? (char)bytes[i] : '?';
            }

            return count;
        }

        public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex) =>
            GetChars(bytes.AsSpan(byteIndex, byteCount), chars.AsSpan(charIndex));

        public override int GetCharCount(byte[] bytes, int index, int count) => count;

        public override int GetMaxCharCount(int byteCount) => byteCount;

        public override int GetByteCount(char[] chars, int index, int count) => count;

        public override int GetMaxByteCount(int charCount) => charCount;

        public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
            ASCII.GetBytes(chars, charIndex, charCount, bytes, byteIndex);
    }
}
