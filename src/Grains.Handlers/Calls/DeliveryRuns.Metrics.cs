using System.Diagnostics;
using System.Diagnostics.Metrics;
using Grains.Handlers.Runs;
using Grains.Operations.Declarations;
using Grains.Silo.Telemetry;

namespace Grains.Handlers.Calls;

internal sealed partial class DeliveryRuns
{
    private static readonly Counter<long> _ended = GrainsMeter.Instance.CreateCounter<long>(
        "grains.handlers.deliveries", null, "Deliveries that push and hosted handlers of this server ended, by how.");

    private static readonly Counter<long> _ignored = GrainsMeter.Instance.CreateCounter<long>(
        "grains.handlers.ignored", null,
        "Answers of push handlers that said success and were no commit: acknowledged, and ignored.");

    private static readonly Histogram<double> _durationMs = GrainsMeter.Instance.CreateHistogram<double>(
        "grains.handlers.duration", "ms", "From taking a delivery to its handler until what came of it is durable.");

    private static void Count(ServiceSnapshot service, RunReport report, TimeSpan took)
    {
        var tags = new TagList { { "service", service.Name }, { "end", report.EndName } };
        _ended.Add(1, tags);
        if (report is { End: RunEnd.Committed, Reason: not null })
        {
            _ignored.Add(1, new KeyValuePair<string, object?>("service", service.Name));
        }

        _durationMs.Record(took.TotalMilliseconds, tags);
    }
}
