using System.Text;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Slots;

namespace Grains.StateMachines.Tests.Slots;

public class SlotTests
{
    [Fact]
    public void The_crc_of_the_digits_is_the_one_that_the_redis_cluster_specification_gives() =>
        Assert.Equal(0x31C3, Crc16.Compute("123456789"u8));

    // From the Redis Cluster specification and the documentation of CLUSTER KEYSLOT.
    [Theory]
    [InlineData("somekey", 11058)]
    [InlineData("foo{hash_tag}", 2515)]
    [InlineData("bar{hash_tag}", 2515)]
    [InlineData("foo", 12182)]
    [InlineData("bar", 5061)]
    [InlineData("hello", 866)]
    public void A_key_has_the_slot_that_redis_cluster_gives_it(string key, int slot) =>
        Assert.Equal(slot, PlacementKey.SlotOfSpreadKey(Encoding.UTF8.GetBytes(key)));

    [Theory]
    [InlineData("{user1000}.following", "user1000")]
    [InlineData("foo{{bar}}zap", "{bar")]
    [InlineData("foo{bar}{zap}", "bar")]
    [InlineData("foo{}{bar}", "bar")]
    [InlineData("foo{}", "")]
    [InlineData("foo{bar", "")]
    [InlineData("}{", "")]
    [InlineData("", "")]
    public void The_tag_is_the_content_of_the_first_non_empty_braces(string name, string tag) =>
        Assert.Equal(tag, Encoding.UTF8.GetString(PlacementKey.Tag(Encoding.UTF8.GetBytes(name))));

    [Fact]
    public void A_node_without_a_tag_is_placed_by_service_and_node_and_with_one_beside_the_keys_of_that_tag()
    {
        Assert.Equal(SlotMap.SlotOf("orders/17"u8), PlacementKey.SlotOfNode("orders"u8, "17"u8));
        Assert.Equal(PlacementKey.SlotOfSpreadKey("{the}"u8), PlacementKey.SlotOfNode("words"u8, "{the}"u8));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(16384)]
    public void An_even_map_gives_every_partition_the_same_share_and_survives_its_ranges(int count)
    {
        SlotMap map = SlotMap.Even(count);
        int[] shares = [.. Enumerable.Range(0, SlotMap.SlotCount).GroupBy(map.PartitionOf).Select(g => g.Count())];
        Assert.Equal(count, shares.Length);
        Assert.True(shares.Max() - shares.Min() <= 1, $"shares from {shares.Min()} to {shares.Max()}");

        SlotMap again = SlotMap.FromRanges(map.ToRanges());
        Assert.All(Enumerable.Range(0, SlotMap.SlotCount), s => Assert.Equal(map.PartitionOf(s), again.PartitionOf(s)));
    }

    [Fact]
    public void A_map_with_a_hole_is_refused_and_names_the_slot()
    {
        SlotRange[] ranges = [new(0, 99, new PartitionId(0)), new(101, 16383, new PartitionId(1))];
        Assert.Contains(
            "slot 100", Assert.Throws<ArgumentException>(() => SlotMap.FromRanges(ranges)).Message,
            StringComparison.Ordinal);
    }
}
