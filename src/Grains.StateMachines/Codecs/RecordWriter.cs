using System.Buffers.Binary;
using System.Text;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Codecs;

/// <summary>
/// Writes the bytes that go to disk: unsigned LEB128 varints, length-prefixed byte strings, little-endian fixed words.
/// One buffer, grown and used again.
/// </summary>
public sealed class RecordWriter
{
    private const int _firstBytes = 4 << 10;

    /// <summary>A longer buffer is let go between uses: there is a writer in each of many partitions.</summary>
    private const int _keptBytesMax = 256 << 10;

    /// <summary>A buffer doubles, but is never longer than needed by more than this.</summary>
    private const int _spareBytesMax = 512 << 10;

    private byte[] _bytes = new byte[_firstBytes];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    /// <summary>A copy that stays when the writer is used again.</summary>
    public byte[] ToArray() => _bytes.AsSpan(0, Length).ToArray();

    public void Clear() => Length = 0;

    /// <summary>Empty, with room for so many bytes.</summary>
    public void Prepare(int bytes)
    {
        Length = 0;
        Reserve(bytes);
    }

    /// <summary>What was written is of no use any more.</summary>
    public void Release()
    {
        Length = 0;
        if (_bytes.Length > _keptBytesMax)
        {
            _bytes = new byte[_firstBytes];
        }
    }

    public void Byte(byte value) => Take(1)[0] = value;

    public void Bool(bool value) => Byte(value ? (byte)1 : (byte)0);

    public void Fixed32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);

    public void Fixed32At(int offset, uint value) =>
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(offset), value);

    public void Fixed128(UInt128 value) => BinaryPrimitives.WriteUInt128LittleEndian(Take(16), value);

    /// <summary>Not negative.</summary>
    public void Varint(long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        ulong rest = (ulong)value;
        Reserve(10);
        while (rest >= 0x80)
        {
            _bytes[Length++] = (byte)(rest | 0x80);
            rest >>= 7;
        }

        _bytes[Length++] = (byte)rest;
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        Varint(value.Length);
        value.CopyTo(Take(value.Length));
    }

    /// <summary>Null is told from empty.</summary>
    public void OptionalBytes(byte[]? value)
    {
        Varint(value is null ? 0 : value.Length + 1L);
        value?.CopyTo(Take(value.Length));
    }

    public void OptionalText(string? value)
    {
        if (value is null)
        {
            Varint(0);
            return;
        }

        int length = Encoding.UTF8.GetByteCount(value);
        Varint(length + 1L);
        Encoding.UTF8.GetBytes(value, Take(length));
    }

    public void Name(Utf8Name value) => Bytes(value.Span);

    internal void Scoped(in ScopedName value)
    {
        Varint(value.Scope);
        Name(value.Name);
    }

    internal void Place(in Place value)
    {
        Varint(value.Revision);
        Varint(value.Ordinal);
    }

    /// <summary>Ends a unit: CRC32C of everything before.</summary>
    public void Seal() => Fixed32(Crc32C.Compute(_bytes.AsSpan(0, Length)));

    private Span<byte> Take(int length)
    {
        Reserve(length);
        Span<byte> span = _bytes.AsSpan(Length, length);
        Length += length;
        return span;
    }

    private void Reserve(int length)
    {
        if (_bytes.Length - Length < length)
        {
            int needed = Length + length;
            byte[] longer = GC.AllocateUninitializedArray<byte>(
                needed + Math.Clamp(needed, _firstBytes, _spareBytesMax));
            _bytes.AsSpan(0, Length).CopyTo(longer);
            _bytes = longer;
        }
    }
}
