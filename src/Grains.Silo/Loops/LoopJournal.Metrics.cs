using System.Diagnostics.Metrics;
using Grains.Silo.Telemetry;

namespace Grains.Silo.Loops;

internal sealed partial class LoopJournal
{
    private static readonly Histogram<double> _appendMs = GrainsMeter.Instance.CreateHistogram<double>(
        "grains.append.duration", "ms", "From handing a batch to the journal until it is decided, repeats included.");
}
