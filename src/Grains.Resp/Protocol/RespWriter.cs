using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Grains.Resp.Protocol;

/// <summary>
/// Replies as bytes, of protocol 2 or 3. One buffer, taken from a pool while there is something in it.
/// </summary>
internal sealed class RespWriter : IDisposable
{
    private const int _firstBytes = 4 << 10;
    private const int _numberBytesMax = 24;

    private byte[] _bytes = [];

    /// <summary>2 or 3: what the client asked for by HELLO.</summary>
    public int Protocol { get; set; } = 2;

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    public void Clear()
    {
        Length = 0;
        Dispose();
    }

    public void Dispose()
    {
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = [];
        }
    }

    /// <summary>Bytes that are a reply already.</summary>
    public void Raw(ReadOnlySpan<byte> reply)
    {
        reply.CopyTo(Reserve(reply.Length));
        Length += reply.Length;
    }

    public void Ok() => Raw("+OK\r\n"u8);

    public void Simple(string text) => Line('+', text);

    /// <summary>A word in capitals, and what is wrong. A line, whatever it says.</summary>
    public void Error(string text) => Line('-', text.ReplaceLineEndings(" "));

    public void Integer(long value) => Number(':', value);

    public void Flag(bool value) => Raw(value ? ":1\r\n"u8 : ":0\r\n"u8);

    public void Bulk(ReadOnlySpan<byte> value)
    {
        Number('$', value.Length);
        value.CopyTo(Reserve(value.Length + 2));
        Length += value.Length;
        Raw("\r\n"u8);
    }

    public void Bulk(string text) => Bulk(Encoding.UTF8.GetBytes(text));

    /// <summary>Null as protocol 2 knows it for strings.</summary>
    public void BulkOrNull(byte[]? value)
    {
        if (value is null)
        {
            Null();
        }
        else
        {
            Bulk(value);
        }
    }

    public void Null() => Raw(Protocol == 3 ? "_\r\n"u8 : "$-1\r\n"u8);

    public void NullArray() => Raw(Protocol == 3 ? "_\r\n"u8 : "*-1\r\n"u8);

    /// <summary>So many replies follow.</summary>
    public void Array(int count) => Number('*', count);

    /// <summary>So many pairs follow.</summary>
    public void Map(int count) => Number(Protocol == 3 ? '%' : '*', Protocol == 3 ? count : count * 2);

    /// <summary>Text for people.</summary>
    public void Verbatim(string text) => Bulk('=', text);

    private void Bulk(char mark, string text)
    {
        if (Protocol == 2)
        {
            Bulk(text);
            return;
        }

        byte[] bytes = Encoding.UTF8.GetBytes("txt:" + text);
        Number(mark, bytes.Length);
        Raw(bytes);
        Raw("\r\n"u8);
    }

    private void Line(char mark, string text)
    {
        Span<byte> to = Reserve(Encoding.UTF8.GetMaxByteCount(text.Length) + 3);
        to[0] = (byte)mark;
        Length += 1 + Encoding.UTF8.GetBytes(text, to[1..]);
        Raw("\r\n"u8);
    }

    private void Number(char mark, long value)
    {
        Span<byte> to = Reserve(_numberBytesMax);
        to[0] = (byte)mark;
        Utf8Formatter.TryFormat(value, to[1..], out int digits);
        to[digits + 1] = (byte)'\r';
        to[digits + 2] = (byte)'\n';
        Length += digits + 3;
    }

    private Span<byte> Reserve(int count)
    {
        if (_bytes.Length - Length < count)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(
                Math.Max(_firstBytes, Math.Max(Length + count, _bytes.Length * 2)));
            Written.Span.CopyTo(larger);
            if (_bytes.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(_bytes);
            }

            _bytes = larger;
        }

        return _bytes.AsSpan(Length);
    }
}
