using System.Diagnostics.Metrics;
using Grains.Silo.Telemetry;
using Grains.StateMachines.Batches;

namespace Grains.Silo.Loops;

public sealed partial class PartitionLoop
{
    private static readonly Counter<long> _commands = GrainsMeter.Instance.CreateCounter<long>(
        "grains.commands", null, "Commands decided.");

    private static readonly Counter<long> _refusals = GrainsMeter.Instance.CreateCounter<long>(
        "grains.refusals", null, "Commands refused, by code.");

    private static readonly Histogram<int> _batchSize = GrainsMeter.Instance.CreateHistogram<int>(
        "grains.batch.size", null, "Commands decided in one batch.");

    private static readonly KeyValuePair<string, object?> _overloaded = new("code", Refusal.Overloaded);
}
