using Grains.Simulation.Tests.Workload;
using Grains.StateMachines.Ids;

namespace Grains.Simulation.Tests.Checks;

/// <summary>
/// Tokens of a node grow over all its owners; under one owner, and under the next one after a hand-over, no lease is
/// given away before its end.
/// </summary>
internal static class DeliveriesCheck
{
    private const long _graceNs = 2_000_000;

    public static IEnumerable<string> Check(
        IEnumerable<DeliverySeen> deliveries, IReadOnlySet<(PartitionId Partition, Epoch Epoch)> handedOver)
    {
        foreach (IGrouping<(uint, int), DeliverySeen> node in deliveries.GroupBy(d => (d.Partition.Value, d.Node)))
        {
            DeliverySeen[] ordered =
            [
                .. node.OrderBy(d => d.Given.Delivery.Epoch.Value).ThenBy(d => d.Given.Delivery.Number)
            ];
            for (int i = 1; i < ordered.Length; i++)
            {
                (DeliverySeen before, DeliverySeen after) = (ordered[i - 1], ordered[i]);
                if (after.Given.Token.Value <= before.Given.Token.Value)
                {
                    yield return $"the token does not grow: {before}, then {after}";
                }

                bool isEnded = before.EndedNs < after.ReturnNs;
                (Epoch first, Epoch second) = (before.Given.Delivery.Epoch, after.Given.Delivery.Epoch);
                bool isHonoured = first == second
                    || (first.Next == second && handedOver.Contains((before.Partition, first)));
                if (isHonoured && !isEnded
                    && after.ReturnNs + _graceNs < before.LeasedUntilNs)
                {
                    yield return $"a lease to {before.LeasedUntilNs / 1000} us was given away: {before}, then {after}";
                }
            }
        }
    }
}
