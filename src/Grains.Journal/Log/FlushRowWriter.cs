using System.Buffers.Binary;
using Grains.StateMachines.Codecs;

namespace Grains.Journal.Log;

/// <summary>Gathers the records of one flush and lays them out as a <see cref="FlushRow"/>. Reused.</summary>
/// <param name="before">Bytes in front of the row that are its caller's.</param>
internal sealed class FlushRowWriter(int before = 0)
{
    private const int _keptBytesMax = 8 << 20;

    private readonly List<FlushEntry> _entries = [];
    private readonly List<LogPlace> _places = [];
    private byte[] _buffer = new byte[64 << 10];
    private long _payloadBytes;

    public int Count => _entries.Count;

    /// <summary>The size of the row so far.</summary>
    public long Bytes => FlushRow.DirectoryBytes(_entries.Count) + _payloadBytes;

    public void Add(in FlushEntry entry)
    {
        _entries.Add(entry);
        _payloadBytes += entry.Payload.Length;
    }

    /// <summary>Lays the row out. The span is valid until the next call.</summary>
    public ReadOnlySpan<byte> Finish(long row)
    {
        int bytes = checked((int)Bytes);
        return Framed(row, 0).Slice(before, bytes);
    }

    /// <summary>Lays the row out between bytes that are the caller's: those before it, and so many behind.</summary>
    public Span<byte> Framed(long row, int behind)
    {
        int bytes = checked((int)Bytes);
        int all = before + bytes + behind;
        if (_buffer.Length < all)
        {
            _buffer = new byte[all + (all / 2)];
        }

        Lay(row, _buffer.AsSpan(before, bytes));
        return _buffer.AsSpan(0, all);
    }

    /// <summary>The record added as number <paramref name="index"/>, at the place that it was laid out at.</summary>
    public LogEntry Entry(int index) => _entries[index].At(_places[index]);

    public void Clear()
    {
        _entries.Clear();
        _places.Clear();
        _payloadBytes = 0;
        if (_buffer.Length > _keptBytesMax)
        {
            _buffer = new byte[64 << 10];
        }
    }

    private void Lay(long row, Span<byte> body)
    {
        _places.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(body, FlushRow.Format);
        BinaryPrimitives.WriteInt32LittleEndian(body[4..], _entries.Count);
        BinaryPrimitives.WriteInt64LittleEndian(body[8..], row);

        int offset = FlushRow.DirectoryBytes(_entries.Count);
        for (int i = 0; i < _entries.Count; i++)
        {
            FlushEntry entry = _entries[i];
            ReadOnlySpan<byte> payload = entry.Payload.Span;
            payload.CopyTo(body[offset..]);
            Span<byte> at = body.Slice(FlushRow.HeadBytes + (i * FlushRow.EntryBytes), FlushRow.EntryBytes);
            FlushRow.WriteEntry(at, entry, offset, Crc32C.Compute(payload));
            _places.Add(new LogPlace(row, offset, payload.Length));
            offset += payload.Length;
        }

        int crcAt = FlushRow.HeadBytes + (_entries.Count * FlushRow.EntryBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(body[crcAt..], Crc32C.Compute(body[..crcAt]));
    }
}
