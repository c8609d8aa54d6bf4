using System.Text;
using Grains.StateMachines.Ids;

namespace Grains.Resp.Protocol;

/// <summary>
/// One command as it was sent: the verb and what follows. Valid until the next is read; used again for it.
/// </summary>
internal sealed class Arguments
{
    private const int _kept = 64;

    private byte[] _source = [];
    private Range[] _ranges = new Range[8];
    private Utf8Name[] _keys = new Utf8Name[4];

    public int Count { get; private set; }

    public int KeyCount { get; private set; }

    /// <summary>The bytes of all of them together.</summary>
    public int Bytes { get; private set; }

    public ReadOnlySpan<byte> this[int index] => _source.AsSpan(_ranges[index]);

    /// <summary>Those among them that are keys, checked.</summary>
    public Utf8Name Key(int index) => _keys[index];

    public string Text(int index) => Encoding.UTF8.GetString(this[index]);

    /// <summary>Compared as words are, without regard to case.</summary>
    public bool Is(int index, string word) => Ascii.EqualsIgnoreCase(this[index], word);

    public void Begin(byte[] source)
    {
        _source = source;
        if (_ranges.Length > _kept)
        {
            _ranges = new Range[_kept];
        }

        if (_keys.Length > _kept)
        {
            _keys = new Utf8Name[_kept];
        }

        (Count, KeyCount, Bytes) = (0, 0, 0);
    }

    public void Add(int start, int length)
    {
        if (Count == _ranges.Length)
        {
            Array.Resize(ref _ranges, Count * 2);
        }

        _ranges[Count++] = new Range(start, start + length);
        Bytes += length;
    }

    public void AddKey(Utf8Name key)
    {
        if (KeyCount == _keys.Length)
        {
            Array.Resize(ref _keys, KeyCount * 2);
        }

        _keys[KeyCount++] = key;
    }
}
