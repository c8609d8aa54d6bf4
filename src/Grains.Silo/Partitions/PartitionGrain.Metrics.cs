using System.Diagnostics.Metrics;

namespace Grains.Silo.Partitions;

internal sealed partial class PartitionGrain
{
    private static readonly Histogram<double> _recoveryMs = GrainsMeter.Instance.CreateHistogram<double>(
        "grains.recovery.duration", "ms", "From acquiring a partition until it answers.");
}
