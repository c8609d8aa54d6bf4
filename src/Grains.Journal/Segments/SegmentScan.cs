using Grains.Journal.Log;
using Grains.StateMachines.Codecs;

namespace Grains.Journal.Segments;

/// <summary>
/// Walks through the rows of a segment, oldest first, and names what is no row although rows stand behind it.
/// </summary>
internal sealed class SegmentScan(SegmentFile file)
{
    private byte[] _window = new byte[4 << 20];
    private long _from;
    private int _have;

    public SegmentFile File => file;

    /// <summary>What is there. Where nothing readable stands behind something unreadable, that is the end.</summary>
    public IEnumerable<ScannedRow> Rows()
    {
        SegmentHeader header = file.Header;
        long at = SegmentHeader.Bytes;
        long before = header.FirstRow - 1;
        while (true)
        {
            if (HeadAt(at, before) is { } head && (header.IsPutTogether || head.Row == before + 1))
            {
                yield return new ScannedRow(head, head.Row, new RowPlace(at, head.Span));
                (at, before) = (at + head.Span, head.Row);
                continue;
            }

            if (FindBehind(at, before) is not { } next)
            {
                yield break;
            }

            before = HeadAt(next, before)!.Value.Row - 1;
            yield return new ScannedRow(null, before, new RowPlace(at, next - at));
            at = next;
        }
    }

    /// <summary>The flush row behind a head.</summary>
    public ReadOnlySpan<byte> Flush(in ScannedRow row) =>
        Bytes(row.Place.Offset + RowHead.Bytes, row.Head!.Value.FlushBytes);

    /// <returns>Null: they are not what was written.</returns>
    public IEnumerable<Note>? Notes(in ScannedRow row)
    {
        RowHead head = row.Head!.Value;
        ReadOnlySpan<byte> notes = Bytes(row.Place.Offset + RowHead.Bytes + head.FlushBytes, head.NoteBytes);
        return notes.Length == head.NoteBytes && Crc32C.Compute(notes) == head.NoteCrc
            ? Note.ReadAll(notes.ToArray())
            : null;
    }

    /// <summary>True: every byte of it is what was written.</summary>
    public bool IsWhole(in ScannedRow row)
    {
        List<DirectoryEntry> directory = [];
        if (Notes(row) is null || FlushRow.ReadDirectory(row.Row, Flush(row), directory) is not null)
        {
            return false;
        }

        foreach (DirectoryEntry entry in directory)
        {
            if (entry.CheckPayload(Flush(row)) is not null)
            {
                return false;
            }
        }

        return true;
    }

    private RowHead? HeadAt(long at, long before) =>
        RowHead.Read(Bytes(at, RowHead.Bytes), file.Header.Salt, file.Header.Number) is { } head
        && head.Row > before && at + head.Span <= RowHead.Aligned(file.Length) ? head : null;

    private long? FindBehind(long at, long before)
    {
        for (long probe = at + RowHead.Alignment; probe + RowHead.Bytes <= file.Length; probe += RowHead.Alignment)
        {
            if (HeadAt(probe, before) is not null)
            {
                return probe;
            }
        }

        return null;
    }

    private ReadOnlySpan<byte> Bytes(long at, int count)
    {
        if (at < _from || at + count > _from + _have)
        {
            if (_window.Length < count)
            {
                _window = new byte[count];
            }

            (_from, _have) = (at, file.Read(_window, at));
        }

        int there = (int)Math.Clamp(_from + _have - at, 0, count);
        return _window.AsSpan((int)(at - _from), there);
    }
}

/// <summary>A row, or bytes in the place of rows.</summary>
/// <param name="Head">Null: they cannot be read.</param>
/// <param name="Row">Its number; of several that cannot be read, the last.</param>
/// <param name="Place">Where.</param>
internal readonly record struct ScannedRow(RowHead? Head, long Row, RowPlace Place);
