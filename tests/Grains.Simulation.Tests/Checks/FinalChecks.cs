using Grains.Checkers.Linearizability;
using Grains.Checkers.Messages;
using Grains.Checkers.Registers;
using Grains.Checkers.Witnesses;
using Grains.Simulation.Tests.Workload;
using Grains.Simulation.Tests.World;

namespace Grains.Simulation.Tests.Checks;

/// <summary>Holds what the clients know against itself and against the final state.</summary>
internal static class FinalChecks
{
    /// <summary>The search is bounded by what it has seen: a busy machine must not change what a seed finds.</summary>
    private static readonly WglLimits _limits = new()
    {
        ConfigurationsMax = 300_000, TimeMax = TimeSpan.FromMinutes(10)
    };

    public static void Check(SimWorld world, RunRecord record, FinalState final)
    {
        foreach (string violation in AnswersCheck.Check(world.Network.Answers)
            .Concat(DeliveriesCheck.Check(record.Deliveries, world.HandedOver))
            .Concat(WitnessCheck.Check(record.Witnesses, dense: false)))
        {
            world.Violation(violation);
        }

        foreach (var key in record.Keys.Operations().GroupBy(o => o.Key, StringComparer.Ordinal))
        {
            WglResult result = WglChecker.Check(new RegisterModel(), [.. key], _limits);
            if (result.Verdict != Verdict.Linearizable)
            {
                world.Violation($"{key.Key} is {result.Verdict}: {result.Explanation}");
            }
        }

        CheckMessages(world, record, final);
        CheckOrder(world, record, final);
    }

    /// <summary>A node handles its messages in the order of their acceptance.</summary>
    private static void CheckOrder(SimWorld world, RunRecord record, FinalState final)
    {
        foreach (string[] order in final.Orders)
        {
            string[] known = [.. order.Where(record.Accepted.ContainsKey)];
            for (int i = 1; i < known.Length; i++)
            {
                if (record.Accepted[known[i]] < record.Accepted[known[i - 1]])
                {
                    world.Violation($"{known[i]} was accepted at {record.Accepted[known[i]]} and handled after "
                        + $"{known[i - 1]}, accepted at {record.Accepted[known[i - 1]]}");
                }
            }
        }
    }

    /// <summary>
    /// A message that took effect brought the one it sends on with it; one that did not brought none.
    /// </summary>
    private static void CheckMessages(SimWorld world, RunRecord record, FinalState final)
    {
        HashSet<string> effective = new(final.Effects, StringComparer.Ordinal);
        Dictionary<string, MessageFate> sent = new(record.Sent, StringComparer.Ordinal);
        foreach (string label in record.Sent.Keys)
        {
            if (Names.ChildOf(label) is { } child)
            {
                sent[child] = effective.Contains(label) ? MessageFate.Acknowledged : MessageFate.Refused;
            }
        }

        ExactlyOnceResult result = ExactlyOnceCheck.Check(sent, final.Effects.Concat(final.Dead));
        if (!result.Holds)
        {
            world.Violation($"messages: {result}");
        }
    }
}
