using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Tests.Codecs;

public class CodecTests
{
    // RFC 3720, appendix B.4, and the check value of the CRC catalogue.
    [Fact]
    public void Crc32c_gives_the_published_values()
    {
        Assert.Equal(0x8A9136AAu, Crc32C.Compute(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Compute([.. Enumerable.Repeat((byte)0xff, 32)]));
        Assert.Equal(0x46DD794Eu, Crc32C.Compute([.. Enumerable.Range(0, 32).Select(i => (byte)i)]));
        Assert.Equal(0xE3069283u, Crc32C.Compute("123456789"u8));
    }

    [Fact]
    public void Any_flipped_bit_of_a_sealed_unit_is_noticed()
    {
        var writer = new RecordWriter();
        writer.Varint(300);
        writer.OptionalText("text");
        writer.Seal();
        byte[] bytes = writer.ToArray();
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            byte[] damaged = (byte[])bytes.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<FormatException>(() => { RecordReader.Open(damaged, "unit"); });
        }
    }

    [Theory]
    [InlineData(64)]
    [InlineData(4_000)]
    [InlineData(1_000_000)]
    public void A_flipped_bit_of_a_large_unit_is_noticed_wherever_it_is(int length)
    {
        var writer = new RecordWriter();
        writer.Bytes(new byte[length]);
        writer.Seal();
        byte[] bytes = writer.ToArray();
        RecordReader.Open(bytes, "unit");
        foreach (int at in new[] { 0, 1, length / 2, length, bytes.Length - 4, bytes.Length - 1 })
        {
            bytes[at] ^= 0x10;
            Assert.Throws<FormatException>(() => { RecordReader.Open(bytes, "unit"); });
            bytes[at] ^= 0x10;
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(long.MaxValue)]
    public void A_number_is_read_as_it_was_written(long value)
    {
        var writer = new RecordWriter();
        writer.Varint(value);
        writer.Seal();
        RecordReader reader = RecordReader.Open(writer.Written.Span, "unit");
        Assert.Equal(value, reader.Varint());
        Assert.True(reader.AtEnd);
    }

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(uint.MaxValue, long.MaxValue, long.MaxValue)]
    public void A_delivery_id_is_read_as_it_was_written_with_its_seal_or_without(
        uint partition, long epoch, long number)
    {
        var bare = new DeliveryId(new PartitionId(partition), new Epoch(epoch), number);
        foreach (UInt128 seal in (UInt128[])[0, 1, UInt128.MaxValue, (UInt128)1 << 120])
        {
            DeliveryId id = bare with { Seal = seal };
            Assert.True(DeliveryId.TryParse(id.ToString(), out DeliveryId read));
            Assert.Equal(id, read);
            Assert.False(MessageId.TryParse(id.ToString(), out _));
            Assert.False(DeliveryId.TryParse(id.ToString()[..^1], out _));
            Assert.False(DeliveryId.TryParse(id + "A", out _));
        }
    }

    [Fact]
    public void A_mistyped_id_is_refused_and_never_means_another_message()
    {
        string text = new MessageId(new PartitionId(63), new Revision(123_456), 2).ToString();
        Assert.True(MessageId.TryParse(text, out MessageId id));
        Assert.Equal(text, id.ToString());
        Assert.False(DeliveryId.TryParse(text, out _));
        for (int i = 0; i < text.Length; i++)
        {
            foreach (char other in "aZ3_-~ é")
            {
                string wrong = text[..i] + other + text[(i + 1)..];
                Assert.False(wrong != text && MessageId.TryParse(wrong, out MessageId parsed) && parsed != id, wrong);
            }
        }

        Assert.All(
            new[] { null, "", "m", "mAAAA", new string('m', 100) }, s => Assert.False(MessageId.TryParse(s, out _)));
    }
}
