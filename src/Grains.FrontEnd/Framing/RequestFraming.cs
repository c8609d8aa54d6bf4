using System.Buffers;

namespace Grains.FrontEnd.Framing;

/// <summary>
/// Follows the bytes of a connection and says where a request is not framed as RFC 9112 wants it: lines that do not end
/// with CR LF, a name that is no token, folded lines, control characters, a <c>Transfer-Encoding</c> other than one
/// <c>chunked</c>, that or a second length beside a length, chunk sizes and extensions outside their grammar. The web
/// server and a proxy before it may take such a request for two different ones.
/// </summary>
internal sealed class RequestFraming
{
    /// <summary>Of one chunk; signatures of chunks, as object stores have them, take under a hundred.</summary>
    public const int ExtensionBytesMax = 256;

    /// <summary>Of all chunks of a request.</summary>
    public const int ExtensionsBytesMax = 16 << 10;

    /// <summary>Above what the web server takes as a request line or as all headers.</summary>
    private const int _lineBytesMax = 64 << 10;
    private const int _sizeDigitsMax = 16;
    private const byte _cr = (byte)'\r';
    private const byte _lf = (byte)'\n';
    private const byte _tlsHandshake = 0x16;

    private static readonly SearchValues<byte> _token = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"u8);

    private static readonly SearchValues<byte> _controls = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Where(c => c != '\t').Append(0x7f).Select(c => (byte)c)]);

    private Place _place = Place.StartLine;
    private bool _isOld;
    private bool _isChunked;
    private long? _length;
    private long _left;
    private int _digits;
    private int _extension;
    private int _extensions;
    private byte _last;

    private enum Place
    {
        StartLine,
        Header,
        Body,
        ChunkSize,
        ChunkEnd,
        Trailer,

        /// <summary>TLS, or another version of HTTP, which the web server refuses or knows better.</summary>
        Elsewhere,
    }

    /// <summary>So many bytes of the connection are followed; a line counts when it is whole.</summary>
    public long Position { get; private set; }

    /// <summary>Where the line, or the chunk's size, begins that is being read.</summary>
    public long UnitStart { get; private set; }

    /// <summary>Where it broke: in a head, whose lines are parsed one by one, or in a body.</summary>
    public bool IsInBody => _place is not (Place.StartLine or Place.Header or Place.Trailer);

    /// <param name="unseen">What comes after <see cref="Position"/>.</param>
    /// <returns>False: it is broken, and stays so. What was before <see cref="UnitStart"/> is good.</returns>
    public bool TryFollow(in ReadOnlySequence<byte> unseen)
    {
        var reader = new SequenceReader<byte>(unseen);
        long begin = Position;
        while (reader.Remaining > 0)
        {
            switch (_place)
            {
                case Place.StartLine or Place.Header or Place.Trailer:
                    if (Position == 0 && reader.TryPeek(out byte first) && first == _tlsHandshake)
                    {
                        _place = Place.Elsewhere;
                        break;
                    }

                    if (!reader.TryReadTo(out ReadOnlySpan<byte> line, _lf))
                    {
                        return reader.Remaining <= _lineBytesMax;
                    }

                    if (!TryLine(line))
                    {
                        return false;
                    }

                    UnitStart = begin + reader.Consumed;
                    break;
                case Place.ChunkSize:
                    if (!TryChunkSize(ref reader, out bool isWhole))
                    {
                        return false;
                    }

                    UnitStart = isWhole ? begin + reader.Consumed : UnitStart;
                    break;
                case Place.ChunkEnd:
                    reader.TryRead(out byte end);
                    if (end != (_last == _cr ? _lf : _cr))
                    {
                        return false;
                    }

                    Begin(end == _lf ? Place.ChunkSize : Place.ChunkEnd, last: end == _lf ? (byte)0 : end);
                    UnitStart = end == _lf ? begin + reader.Consumed : UnitStart;
                    break;
                case Place.Body:
                    long step = Math.Min(reader.Remaining, _left);
                    reader.Advance(step);
                    _left -= step;
                    UnitStart = begin + reader.Consumed;
                    if (_left == 0)
                    {
                        Begin(_isChunked ? Place.ChunkEnd : Place.StartLine);
                    }

                    break;
                default:
                    reader.AdvanceToEnd();
                    break;
            }

            Position = begin + reader.Consumed;
        }

        return true;
    }

    /// <param name="line">Without its LF.</param>
    private bool TryLine(ReadOnlySpan<byte> line)
    {
        if (line.Length == 0 || line[^1] != _cr || line[..^1].ContainsAny(_controls))
        {
            return false;
        }

        return _place == Place.StartLine ? TryStartLine(line[..^1])
            : line.Length == 1 ? TryEnd()
            : TryField(line[..^1]);
    }

    private bool TryStartLine(ReadOnlySpan<byte> line)
    {
        if (line.Length == 0)
        {
            // RFC 9112, 2.2: some clients send one after a body. What the web server thinks of it counts.
            return true;
        }

        if (line.Contains((byte)'\t'))
        {
            return false;
        }

        _isOld = line.EndsWith(" HTTP/1.0"u8);
        _isChunked = false;
        _length = null;
        _extensions = 0;
        return _isOld || line.EndsWith(" HTTP/1.1"u8) ? Begin(Place.Header) : Begin(Place.Elsewhere);
    }

    private bool TryField(ReadOnlySpan<byte> line)
    {
        int colon = line.IndexOf((byte)':');
        if (colon < 1 || line[..colon].ContainsAnyExcept(_token))
        {
            return false;
        }

        ReadOnlySpan<byte> value = line[(colon + 1)..].Trim(" \t"u8);
        switch (colon)
        {
            case 14 when System.Text.Ascii.EqualsIgnoreCase(line[..colon], "Content-Length"u8):
                bool isFirst = _length is null && _place == Place.Header;
                _length = LengthOf(value);
                return isFirst && _length is not null;
            case 17 when System.Text.Ascii.EqualsIgnoreCase(line[..colon], "Transfer-Encoding"u8):
                bool isOnly = !_isChunked && _place == Place.Header && !_isOld;
                _isChunked = true;
                return isOnly && System.Text.Ascii.EqualsIgnoreCase(value, "chunked"u8);
            default:
                return true;
        }
    }

    /// <summary>Of the head, or of the trailer.</summary>
    private bool TryEnd()
    {
        if (_place == Place.Trailer)
        {
            return Begin(Place.StartLine);
        }

        if (_isChunked)
        {
            return _length is null && Begin(Place.ChunkSize);
        }

        _left = _length ?? 0;
        return Begin(_left == 0 ? Place.StartLine : Place.Body);
    }

    /// <summary>Byte by byte: the web server may take an extension before its line is whole.</summary>
    private bool TryChunkSize(ref SequenceReader<byte> reader, out bool isWhole)
    {
        isWhole = false;
        while (reader.TryRead(out byte next))
        {
            if (_last == _cr)
            {
                isWhole = next == _lf;
                return isWhole && Begin(_left == 0 ? Place.Trailer : Place.Body);
            }

            bool isGood = next switch
            {
                _cr => _digits > 0,
                _ when _extension > 0 => !_controls.Contains(next) && IsBounded(),
                (byte)';' => _digits > 0 && IsBounded(),
                _ => TryDigit(next),
            };
            if (!isGood)
            {
                return false;
            }

            _last = next;
        }

        return true;
    }

    private bool IsBounded() => ++_extension <= ExtensionBytesMax && ++_extensions <= ExtensionsBytesMax;

    private bool TryDigit(byte next)
    {
        if (!char.IsAsciiHexDigit((char)next) || ++_digits > _sizeDigitsMax)
        {
            return false;
        }

        _left = (_left << 4) + (next <= (byte)'9' ? next - '0' : (next | 0x20) - 'a' + 10);
        return _left <= int.MaxValue;
    }

    private bool Begin(Place place, byte last = 0)
    {
        _place = place;
        _last = last;
        if (place == Place.ChunkSize)
        {
            _left = 0;
            _digits = 0;
            _extension = 0;
        }

        return true;
    }

    private static long? LengthOf(ReadOnlySpan<byte> digits)
    {
        if (digits.Length is 0 or > 19 || digits.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return null;
        }

        ulong length = 0;
        foreach (byte digit in digits)
        {
            length = (length * 10) + (uint)(digit - '0');
        }

        return length <= long.MaxValue ? (long)length : null;
    }
}
