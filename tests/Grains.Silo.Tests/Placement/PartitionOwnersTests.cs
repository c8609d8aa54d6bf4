using Grains.Silo.Tests.Partitions;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Tests.Placement;

public sealed class PartitionOwnersTests
{
    private readonly PlayedCluster _cluster = new(8, "a", "b", "c");

    [Fact]
    public void Partitions_belong_to_all_servers_that_may_have_them()
    {
        Assert.Equal(["a", "b", "c"], _cluster.Owners.All.Values.Distinct().Order());
        Assert.Equal(8, _cluster.Owners.All.Count);
    }

    [Fact]
    public void A_server_that_is_about_to_stop_is_given_none_and_one_that_returned_is()
    {
        _cluster.Leaving.Add(_cluster.AddressOf("b"));
        Assert.Equal(["a", "c"], _cluster.Owners.All.Values.Distinct().Order());
        Assert.All(Enumerable.Range(0, 8), p => Assert.NotEqual(
            _cluster.AddressOf("b"),
            _cluster.Owners.OwnerAmong([.. _cluster.Active.Select(m => m.SiloAddress)], new PartitionId((uint)p))));
        _cluster.Leaving.Remove(_cluster.AddressOf("b"));
        Assert.Contains("b", _cluster.Owners.All.Values);
    }

    [Fact]
    public void A_drained_server_is_given_none()
    {
        _cluster.Settings.Publish(_cluster.Settings.Settings! with { Version = 2, Drained = ["a", "c"] });
        Assert.Equal(["b"], _cluster.Owners.All.Values.Distinct());
    }
}
