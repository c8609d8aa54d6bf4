using Grains.Silo.Ownership;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Tests.Placement;

public sealed class PartitionAssignmentTests
{
    private static readonly PartitionId[] _partitions =
    [
        .. Enumerable.Range(0, 64).Select(i => new PartitionId((uint)i))
    ];

    [Fact]
    public void Two_servers_with_the_same_view_agree_whatever_the_order_of_its_members() =>
        Assert.Equal(
            PartitionAssignment.Compute(["a", "b", "c"], _partitions).OrderBy(o => o.Key),
            PartitionAssignment.Compute(["c", "a", "b", "a"], _partitions).OrderBy(o => o.Key));

    [Fact]
    public void Every_partition_has_an_owner() =>
        Assert.Equal(_partitions, PartitionAssignment.Compute(["a", "b", "c"], _partitions).Keys.Order());

    [Fact]
    public void Without_servers_there_are_no_owners() => Assert.Empty(PartitionAssignment.Compute([], _partitions));

    [Fact]
    public void One_server_owns_everything() =>
        Assert.All(PartitionAssignment.Compute(["only"], _partitions), o => Assert.Equal("only", o.Value));

    [Fact]
    public void No_server_carries_more_than_a_quarter_above_the_mean()
    {
        foreach (string[] servers in Clusters(3))
        {
            int most = PartitionAssignment.Compute(servers, _partitions).GroupBy(o => o.Value).Max(g => g.Count());
            Assert.True(most <= 64 / 3.0 * PartitionAssignment.LoadMax, $"{string.Join(", ", servers)}: {most}");
        }
    }

    [Fact]
    public void A_fourth_server_moves_about_a_third_of_the_partitions_at_most_and_every_one_of_many_to_itself()
    {
        foreach (string[] servers in Clusters(3))
        {
            var before = PartitionAssignment.Compute(servers, _partitions);
            var after = PartitionAssignment.Compute([.. servers, "the-fourth"], _partitions);
            int moved = _partitions.Count(p => before[p] != after[p]);
            Assert.InRange(moved, 1, 22);
        }
    }

    [Fact]
    public void A_server_that_dies_leaves_most_of_the_others_partitions_where_they_are()
    {
        foreach (string[] servers in Clusters(4))
        {
            var before = PartitionAssignment.Compute(servers, _partitions);
            var after = PartitionAssignment.Compute(servers[..3], _partitions);
            int moved = _partitions.Count(p => before[p] != servers[3] && before[p] != after[p]);
            Assert.InRange(moved, 0, 8);
        }
    }

    private static IEnumerable<string[]> Clusters(int size) =>
        Enumerable.Range(0, 50).Select(c => Enumerable.Range(0, size).Select(s => $"server-{c}-{s}").ToArray());
}
