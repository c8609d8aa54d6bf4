using System.Diagnostics.Metrics;
using Grains.Silo.Telemetry;

namespace Grains.Silo.Loops;

internal sealed partial class LoopFigures
{
    private static readonly Counter<long> _expired = GrainsMeter.Instance.CreateCounter<long>(
        "grains.messages.expired", null,
        "Messages forgotten at the end of their time to live, because nobody had taken them.");
}
