using Grains.Silo.Loops;
using Grains.Silo.Ownership;
using Microsoft.Extensions.Logging.Abstractions;
using static Grains.Silo.Tests.Partitions.PartitionWorld;

namespace Grains.Silo.Tests.Partitions;

/// <summary>Partitions are given away one after another, and never a second one while nobody has the first.</summary>
public sealed class HandOversTests
{
    private readonly PlayedCluster _cluster = new(2, "here", "there");
    private readonly LocalPartitions _local = new();

    public HandOversTests() => _cluster.Leaving.Add(_cluster.AddressOf("here"));

    [Fact]
    public async Task All_that_belongs_elsewhere_is_given_away_and_has_an_owner()
    {
        (PartitionLoop first, PartitionLoop second) = await OpenAsync();
        Assert.True(await NewHandOvers().GiveAsync(CancellationToken.None));
        Assert.Equal(LoopEndReason.HandedOver, (await Ended(first)).Reason);
        Assert.Equal(LoopEndReason.HandedOver, (await Ended(second)).Reason);
        Assert.Equal([P0, P1], _cluster.Activated.Distinct().Order());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_that_nobody_took_over_is_taken_before_another_is_given_away(bool recovers)
    {
        (PartitionLoop first, PartitionLoop second) = await OpenAsync();
        HandOvers handOvers = NewHandOvers();
        _cluster.Untaken[P0] = recovers;
        Assert.False(await handOvers.GiveAsync(CancellationToken.None));
        _local.Remove(first);
        Assert.False(await handOvers.GiveAsync(CancellationToken.None));
        Assert.False(second.Completion.IsCompleted, "The second was let go while nobody had the first.");

        _cluster.Untaken.Clear();
        _cluster.Activated.Clear();
        Assert.True(await handOvers.GiveAsync(CancellationToken.None));
        Assert.Equal(P0, _cluster.Activated.First());
        Assert.Equal(LoopEndReason.HandedOver, (await Ended(second)).Reason);
    }

    private async Task<(PartitionLoop First, PartitionLoop Second)> OpenAsync()
    {
        var world = new PartitionWorld();
        PartitionLoop first = await world.OpenAsync(P0);
        PartitionLoop second = await world.OpenAsync(P1);
        _local.Add(first);
        _local.Add(second);
        return (first, second);
    }

    /// <summary>Only the keeper itself looks at the membership.</summary>
    private HandOvers NewHandOvers() => new(
        _cluster.Grains,
        _local,
        _cluster.Owners,
        new ClusterPeers("here", _cluster.AddressOf("here"), null!, _cluster.Leaving, _cluster),
        new KeeperOptions { HandOverMsMax = 50 },
        TimeProvider.System,
        NullLogger<HandOvers>.Instance);
}
