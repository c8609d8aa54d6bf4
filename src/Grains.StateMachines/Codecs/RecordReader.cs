using System.Buffers.Binary;
using System.Text;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Codecs;

/// <summary>
/// Reads what <see cref="RecordWriter"/> wrote; throws <see cref="FormatException"/> at anything else.
/// </summary>
public ref struct RecordReader
{
    private readonly ReadOnlySpan<byte> _bytes;
    private int _at;

    private RecordReader(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Checks the seal at the end.</summary>
    public static RecordReader Open(ReadOnlySpan<byte> sealedBytes, string what)
    {
        if (sealedBytes.Length < 5)
        {
            throw new FormatException($"A {what} of {sealedBytes.Length} bytes is too short.");
        }

        ReadOnlySpan<byte> body = sealedBytes[..^4];
        uint stored = BinaryPrimitives.ReadUInt32LittleEndian(sealedBytes[^4..]);
        uint computed = Crc32C.Compute(body);
        return stored == computed
            ? new RecordReader(body)
            : throw new FormatException(
                $"A {what} of {sealedBytes.Length} bytes has CRC {computed:x8}; {stored:x8} was written.");
    }

    public readonly bool AtEnd => _at == _bytes.Length;

    public byte Byte() => Take(1)[0];

    public bool Bool() => Byte() switch
    {
        0 => false,
        1 => true,
        byte other => throw new FormatException($"Byte {_at - 1} is {other}, not a boolean."),
    };

    public uint Fixed32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public UInt128 Fixed128() => BinaryPrimitives.ReadUInt128LittleEndian(Take(16));

    public long Varint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 63; shift += 7)
        {
            byte next = Byte();
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return (long)value;
            }
        }

        throw new FormatException($"The number that ends at byte {_at} is too long.");
    }

    public int Int() => checked((int)Varint());

    public byte[] Bytes() => Take(Int()).ToArray();

    public byte[]? OptionalBytes()
    {
        int length = Int();
        return length == 0 ? null : Take(length - 1).ToArray();
    }

    public string? OptionalText()
    {
        int length = Int();
        return length == 0 ? null : Encoding.UTF8.GetString(Take(length - 1));
    }

    public Utf8Name Name() => new(Bytes());

    internal ScopedName Scoped() => new(Varint(), Name());

    internal Place Place() => new(Varint(), Int());

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _bytes.Length - _at)
        {
            throw new FormatException($"{length} bytes are announced at byte {_at} of {_bytes.Length}.");
        }

        ReadOnlySpan<byte> span = _bytes.Slice(_at, length);
        _at += length;
        return span;
    }
}
