using System.Diagnostics;
using System.Text.Json;
using Grains.Silo.Ownership;
using Grains.StateMachines.Ids;

namespace Grains.Faults.Tests.Workload;

/// <summary>Where a partition is, as the cluster says.</summary>
/// <param name="Owner">The name of the server.</param>
internal sealed record PartitionPlace(uint Partition, string Owner, long Epoch);

/// <summary>What the servers say of the cluster.</summary>
internal sealed class ClusterView(Caller caller)
{
    /// <summary>No server may hold more than this share above the mean.</summary>
    public const double Bound = 1.25;

    private static readonly TimeSpan _lookPeriod = TimeSpan.FromMilliseconds(250);

    /// <summary>How many partitions each server has.</summary>
    public static Dictionary<string, int> Counts(IEnumerable<PartitionPlace> partitions) =>
        partitions.Where(p => p.Owner.Length > 0).CountBy(p => p.Owner).ToDictionary();

    /// <summary>
    /// Waits until that many servers have partitions, each of them those that belong to it, none more than the bound
    /// allows, and two looks in a row see the same owners under the same epochs. By counts and looks alone,
    /// hand-overs that still wait would pass for done.
    /// </summary>
    public async Task SettleAsync(int servers, TimeSpan deadline)
    {
        IReadOnlyList<PartitionPlace> before = [];
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(_lookPeriod))
        {
            IReadOnlyList<PartitionPlace> now = await PartitionsAsync();
            int elsewhere = Elsewhere(now);
            if (IsBalanced(now, servers) && elsewhere == 0 && now.SequenceEqual(before))
            {
                return;
            }

            if (waited.Elapsed > deadline)
            {
                throw new TimeoutException(
                    $"After {deadline.TotalSeconds} s the {now.Count} partitions are not balanced over {servers} "
                    + $"servers, or {elsewhere} are not where they belong: "
                    + string.Join(", ", Counts(now).OrderBy(c => c.Key).Select(c => $"{c.Key} {c.Value}")));
            }

            before = now;
        }
    }

    public async Task<IReadOnlyList<PartitionPlace>> PartitionsAsync()
    {
        Reply reply = await caller.MustGetAsync("/v1/cluster/partitions");
        return
        [
            .. reply.Json().GetProperty("partitions").EnumerateArray().Select(p => new PartitionPlace(
                p.GetProperty("partition").GetUInt32(),
                p.TryGetProperty("owner", out JsonElement owner) ? owner.GetString() ?? "" : "",
                p.GetProperty("epoch").GetInt64())),
        ];
    }

    /// <summary>How many partitions have another owner than the servers that have any agree on.</summary>
    private static int Elsewhere(IReadOnlyList<PartitionPlace> partitions)
    {
        IReadOnlyDictionary<PartitionId, string> owners = PartitionAssignment.Compute(
            Counts(partitions).Keys, [.. partitions.Select(p => new PartitionId(p.Partition))]);
        return partitions.Count(p => owners.GetValueOrDefault(new PartitionId(p.Partition)) != p.Owner);
    }

    private static bool IsBalanced(IReadOnlyList<PartitionPlace> partitions, int servers)
    {
        Dictionary<string, int> counts = Counts(partitions);
        return counts.Values.Sum() == partitions.Count && counts.Count == servers
            && counts.Values.Max() <= Bound * partitions.Count / servers;
    }
}
