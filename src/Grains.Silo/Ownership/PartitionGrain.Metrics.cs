using System.Diagnostics.Metrics;
using Grains.Silo.Telemetry;

namespace Grains.Silo.Ownership;

internal sealed partial class PartitionGrain
{
    private static readonly Histogram<double> _recoveryMs = GrainsMeter.Instance.CreateHistogram<double>(
        "grains.recovery.duration", "ms", "From acquiring a partition until it answers.");
}
