using System.Diagnostics.Metrics;
using Grains.Silo.Telemetry;

namespace Grains.Silo.Loops;

internal sealed partial class CheckpointWriter
{
    private static readonly Histogram<double> _stallMs = GrainsMeter.Instance.CreateHistogram<double>(
        "grains.checkpoint.stall", "ms", "How long capturing a checkpoint held a partition's loop.");
}
