using System.Text;
using Grains.Journal.Log;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Tests.Log;

public sealed class FlushRowTests
{
    private const long _row = 42;

    [Fact]
    public void The_bytes_of_a_flush_row_are_pinned() => Golden.Check("flush-row.hex", Row());

    [Fact]
    public void The_bytes_beside_the_flushes_are_pinned()
    {
        JournalTail tail = new(new Revision(9), UInt128.MaxValue - 5);
        PartitionId partition = new(3);
        PartitionLog log = new(partition);
        EpochGrant grant = log.StageAcquire("owner", 11, 1_234_567);

        Golden.Check("epoch.hex", StoredEpoch.Seal(grant));
        Golden.Check("forgotten.hex", StoredTail.Seal(partition, tail));
        Golden.Check("checkpoint.hex", new CheckpointPointer(5, new Epoch(2), tail, 17).Encode(partition));
        Golden.Check("checkpoint-chunk.hex", SealedBytes.Seal((5 << 20) | 1, "state"u8));
    }

    [Fact]
    public void A_row_reads_as_it_was_written()
    {
        byte[] row = Row();
        List<DirectoryEntry> directory = [];

        Assert.Null(FlushRow.ReadDirectory(_row, row, directory));
        Assert.Equal(3, directory.Count);
        Assert.All(directory, entry => Assert.Null(entry.CheckPayload(row)));
        Assert.Equal(new PartitionId(uint.MaxValue), directory[2].Partition);
        Assert.Equal((new Revision(2), 3), (directory[1].Entry.First, directory[1].Entry.Count));
        LogPlace place = directory[1].Entry.Place;
        Assert.Equal("two", Encoding.UTF8.GetString(row, place.Offset, place.Length));
    }

    [Fact]
    public void No_bit_of_a_row_can_flip_unnoticed()
    {
        byte[] row = Row();
        for (int bit = 0; bit < row.Length * 8; bit++)
        {
            row[bit / 8] ^= (byte)(1 << (bit % 8));
            List<DirectoryEntry> directory = [];
            bool noticed = FlushRow.ReadDirectory(_row, row, directory) is not null
                || directory.Any(entry => entry.CheckPayload(row) is not null);
            Assert.True(noticed, $"Bit {bit} of {row.Length * 8} flipped unnoticed.");
            row[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void A_row_cut_anywhere_is_noticed()
    {
        byte[] row = Row();
        for (int length = 0; length < row.Length; length++)
        {
            List<DirectoryEntry> directory = [];
            byte[] cut = row[..length];
            bool noticed = FlushRow.ReadDirectory(_row, cut, directory) is not null
                || directory.Any(entry => entry.CheckPayload(cut) is not null);
            Assert.True(noticed, $"A row cut to {length} of {row.Length} bytes passed.");
        }
    }

    [Fact]
    public void A_row_in_the_place_of_another_is_noticed() =>
        Assert.Contains("holds the bytes of row 42", FlushRow.ReadDirectory(43, Row(), []));

    [Fact]
    public void The_CRC_is_that_of_RFC_3720()
    {
        Assert.Equal(0xe3069283u, Crc32C.Compute("123456789"u8));
        byte[] words = [.. Enumerable.Range(0, 67).Select(i => (byte)(i * 7))];
        Assert.Equal(Bitwise(words), Crc32C.Compute(words));
    }

    private static uint Bitwise(byte[] bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int i = 0; i < 8; i++)
            {
                crc = (crc >> 1) ^ ((crc & 1) == 0 ? 0 : 0x82f63b78);
            }
        }

        return ~crc;
    }

    private static byte[] Row()
    {
        FlushRowWriter writer = new();
        Add(writer, 1, JournalRecordKind.Epoch, 1, 1, 1, "one");
        Add(writer, 1, JournalRecordKind.Batch, 1, 2, 3, "two");
        Add(writer, uint.MaxValue, JournalRecordKind.Batch, long.MaxValue, 1L << 53, 1, "");
        return writer.Finish(_row).ToArray();
    }

    private static void Add(
        FlushRowWriter writer, uint partition, JournalRecordKind kind, long epoch, long first, int count, string text)
    {
        byte[] payload = Encoding.UTF8.GetBytes(text);
        UInt128 before = new(0x0102030405060708, (ulong)first);
        UInt128 after = JournalChain.Next(before, new Epoch(epoch), new Revision(first), count, payload);
        writer.Add(new FlushEntry(
            new PartitionId(partition), kind, new Epoch(epoch), new Revision(first), count, before, after, payload));
    }
}
