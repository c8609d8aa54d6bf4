using System.Globalization;
using Grains.Faults.Tests.Workload;
using Grains.Faults.Tests.World;

namespace Grains.Faults.Tests.Nemesis;

/// <summary>One more server comes, takes its share, and leaves again.</summary>
internal sealed class JoinFault(ServerProcess joining, int serversBefore) : Fault("join and leave")
{
    private static readonly TimeSpan _balanceDeadline = TimeSpan.FromSeconds(60);

    /// <summary>Of all partitions, those that another server had afterwards; the most of all joins.</summary>
    public double MovedShare { get; private set; }

    /// <summary>How much the fullest server had above the mean; the most of all joins.</summary>
    public double FullestShare { get; private set; }

    public override string Note => string.Create(
        CultureInfo.InvariantCulture,
        $"moved at most {MovedShare:0.0 %}, the fullest server at most {FullestShare:0.00} of the mean");

    public override IReadOnlyList<ServerProcess> Avoid(ServerProcess victim) => [];

    public override async Task StrikeAsync(ServerProcess victim)
    {
        IReadOnlyList<PartitionPlace> before = await Run.View.PartitionsAsync();
        await joining.StartAsync();
        await Run.View.SettleAsync(serversBefore + 1, _balanceDeadline);
        IReadOnlyList<PartitionPlace> after = await Run.View.PartitionsAsync();
        int moved = after.Count(a => before.First(b => b.Partition == a.Partition).Owner != a.Owner);
        MovedShare = Math.Max(MovedShare, (double)moved / after.Count);
        double mean = (double)after.Count / (serversBefore + 1);
        FullestShare = Math.Max(FullestShare, ClusterView.Counts(after).Values.Max() / mean);
    }

    public override Task RepairAsync(ServerProcess victim) => joining.StopAsync();
}
