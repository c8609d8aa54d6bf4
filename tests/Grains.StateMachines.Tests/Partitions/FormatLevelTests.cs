using System.Buffers.Binary;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Partitions;

namespace Grains.StateMachines.Tests.Partitions;

/// <summary>One level is all there is so far; the way in which there will be others works.</summary>
public sealed class FormatLevelTests
{
    private readonly TestPartition _partition = new();

    [Theory]
    [InlineData(FormatLevels.Newest - 1, FormatLevels.Newest)]
    [InlineData(FormatLevels.Newest, FormatLevels.Newest + 1)]
    [InlineData(0, 7)]
    public void What_records_of_its_level_have_no_word_for_a_partition_refuses(int level, int needed)
    {
        _partition.Machine.FormatLevel = level;
        Revision before = _partition.Machine.Revision;
        Refused refused = _partition.Do<Refused>(new Needing(needed));
        Assert.Equal(Refusal.FormatTooOld, refused.Code);
        Assert.Contains("what comes tomorrow", refused.Detail, StringComparison.Ordinal);
        Assert.Equal(before, _partition.Machine.Revision);
    }

    [Fact]
    public void A_record_of_another_format_is_named_and_not_read()
    {
        _partition.Do(_partition.Put("k", "v"));
        byte[] record = Convert.FromHexString(_partition.RecordsAsHex().Last());
        byte[] changed = Reseal(record, format: 2);
        var machine = new PartitionMachine(_partition.Id, new MachineLimits());
        machine.ReplayEpoch(new Revision(1), new Epoch(1), 0, _partition.NowMs);
        FormatException e = Assert.Throws<FormatException>(() => machine.Replay(new Revision(2), 1, changed));
        Assert.Contains("format 2 cannot be read; this version reads format 1", e.Message, StringComparison.Ordinal);
    }

    private static byte[] Reseal(byte[] record, byte format)
    {
        byte[] changed = [.. record];
        changed[0] = format;
        BinaryPrimitives.WriteUInt32LittleEndian(changed.AsSpan(^4..), Crc32C.Compute(changed.AsSpan(..^4)));
        return changed;
    }

    private sealed record Needing(int Level) : Command
    {
        public override FormatNeed Format => new(Level, "what comes tomorrow");
    }
}
