using System.Buffers.Binary;
using System.Text;

namespace Grains.Journal;

/// <summary>The payload of an epoch record: format, incarnation, the acquirer's clock, its name.</summary>
/// <param name="Incarnation">Raised by a restore or a lossy promotion; 0 at first.</param>
/// <param name="AcquiredAtMs">Ms since 1970, the acquirer's clock.</param>
/// <param name="Owner">Names the acquirer.</param>
public sealed record EpochRecord(long Incarnation, long AcquiredAtMs, string Owner)
{
    private const byte _format = 1;
    private const int _headBytes = 17;

    public byte[] Encode()
    {
        byte[] bytes = new byte[_headBytes + Encoding.UTF8.GetByteCount(Owner)];
        bytes[0] = _format;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(1), Incarnation);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(9), AcquiredAtMs);
        Encoding.UTF8.GetBytes(Owner, bytes.AsSpan(_headBytes));
        return bytes;
    }

    public static EpochRecord Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < _headBytes || bytes[0] != _format)
        {
            throw new FormatException(
                $"An epoch record of {bytes.Length} bytes and format {(bytes.Length > 0 ? bytes[0] : -1)} cannot be "
                + $"read; this version reads format {_format}.");
        }

        return new EpochRecord(
            BinaryPrimitives.ReadInt64LittleEndian(bytes[1..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[9..]),
            Encoding.UTF8.GetString(bytes[_headBytes..]));
    }
}
