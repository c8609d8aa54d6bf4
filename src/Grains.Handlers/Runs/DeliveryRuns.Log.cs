using System.Diagnostics;
using System.Diagnostics.Metrics;
using Grains.FrontEnd.Declarations;
using Grains.Silo.Telemetry;
using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging;

namespace Grains.Handlers.Runs;

internal sealed partial class DeliveryRuns
{
    private static readonly Counter<long> _ended = GrainsMeter.Instance.CreateCounter<long>(
        "grains.handlers.deliveries", null, "Deliveries that push and hosted handlers of this server ended, by how.");

    private static readonly Counter<long> _ignored = GrainsMeter.Instance.CreateCounter<long>(
        "grains.handlers.ignored", null, "Answers of push handlers that said success and were no commit: acknowledged, and ignored.");

    private static readonly Histogram<double> _durationMs = GrainsMeter.Instance.CreateHistogram<double>(
        "grains.handlers.duration", "ms", "From taking a delivery to its handler until what came of it is durable.");

    [LoggerMessage(4011, LogLevel.Debug, "{Service}/{Node}: {End}; {Reason}")]
    private static partial void LogNotHandled(ILogger log, string service, Utf8Name node, RunEnd end, string reason);

    [LoggerMessage(4012, LogLevel.Warning,
        "{Service}/{Node} was handled, and its partition does not answer; its messages come again unless it was stored. {Why}")]
    private static partial void LogNotConcluded(ILogger log, string service, Utf8Name node, string why);

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
