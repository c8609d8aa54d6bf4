using Grains.Journal.Log;
using Grains.Journal.Segments;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Tests.Segments;

/// <summary>The bytes of a segment and of a checkpoint's file, as later versions must read them.</summary>
public class SegmentFormatTests
{
    private static readonly SegmentHeader _header = new(new string('f', 32), 0x1122334455667788, 3, 5, 77, 4);
    private static readonly RowHead _head = new(0x1122334455667788, 5, 78, 108, 44, 0xdeadbeef);

    [Fact]
    public void A_segments_head_has_these_bytes_and_reads_back()
    {
        byte[] bytes = _header.Encode();
        Golden.Check("segment-head.hex", bytes);
        Assert.Null(SegmentHeader.TryDecode(5, bytes, out SegmentHeader? read));
        Assert.Equal(_header, read);
        Assert.NotNull(SegmentHeader.TryDecode(6, bytes, out _));
    }

    [Fact]
    public void A_rows_head_has_these_bytes_and_reads_back_in_its_segment_alone()
    {
        byte[] bytes = new byte[RowHead.Bytes];
        _head.Write(bytes);
        Golden.Check("row-head.hex", bytes);
        Assert.Equal(_head, RowHead.Read(bytes, _head.Salt, 5));
        Assert.Null(RowHead.Read(bytes, _head.Salt + 1, 5));
        Assert.Null(RowHead.Read(bytes, _head.Salt, 6));
        Assert.Null(RowHead.Read(bytes.AsSpan(..^1), _head.Salt, 5));
    }

    [Fact]
    public void A_note_has_these_bytes_and_reads_back()
    {
        Note[] notes =
        [
            new(NoteKind.Session, default, 9, default),
            new(NoteKind.Epoch, new PartitionId(7), 3, new byte[] { 1, 2, 3 }),
        ];
        byte[] bytes = new byte[notes.Sum(n => n.Bytes)];
        notes[1].Write(notes[0].Write(bytes));
        Golden.Check("notes.hex", bytes);
        Assert.Equal(
            notes.Select(n => $"{n.Kind} {n.Partition} {n.Number} {Convert.ToHexString(n.Body.Span)}"),
            Note.ReadAll(bytes).Select(n => $"{n.Kind} {n.Partition} {n.Number} {Convert.ToHexString(n.Body.Span)}"));
    }

    [Fact]
    public void A_checkpoints_head_has_these_bytes() => Golden.Check(
        "checkpoint-head.hex",
        CheckpointHead.Encode(
            new PartitionId(7), new CheckpointPointer(4, new Epoch(3), new JournalTail(new Revision(41), 42), 2),
            1_000));
}
