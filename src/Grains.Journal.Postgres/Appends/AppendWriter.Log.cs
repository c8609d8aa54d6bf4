using System.Diagnostics.Metrics;
using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging;

namespace Grains.Journal.Postgres.Appends;

internal sealed partial class AppendWriter
{
    private static readonly Histogram<double> _statementMs = JournalMeter.Instance.CreateHistogram<double>(
        "grains.postgres.append.duration", "ms", "From sending a statement with appends until its end.");

    private static readonly Histogram<int> _rows = JournalMeter.Instance.CreateHistogram<int>(
        "grains.postgres.append.rows", null, "Appends in one statement: how many partitions share a flush.");

    private static readonly Counter<long> _failures = JournalMeter.Instance.CreateCounter<long>(
        "grains.postgres.append.failures", null, "Statements with appends that failed and wrote nothing, by SQLSTATE.");

    private static readonly Counter<long> _unknown = JournalMeter.Instance.CreateCounter<long>(
        "grains.postgres.append.unknown", null, "Appends whose fate was not known; they are repeated.");

    private ILogger Log => _options.Logs.CreateLogger<AppendWriter>();

    [LoggerMessage(2110, LogLevel.Warning,
        "A statement with {Appends} appends failed with {SqlState} and wrote nothing; each is sent alone. {Reason}")]
    private static partial void LogAlone(ILogger logger, int appends, string sqlState, string reason);

    [LoggerMessage(2111, LogLevel.Warning,
        "Partition {Partition} is blocked in Postgres before {Revision}; its appends go alone until one succeeds. "
        + "{Reason}")]
    private static partial void LogBlocked(ILogger logger, PartitionId partition, Revision revision, string reason);

    [LoggerMessage(2112, LogLevel.Warning, "The fate of {Appends} appends is not known; they are repeated. {Reason}")]
    private static partial void LogUnknown(ILogger logger, int appends, string reason);

    [LoggerMessage(2113, LogLevel.Warning, "No connection for appends; tried again in a moment. {Reason}")]
    private static partial void LogNotConnected(ILogger logger, string reason);
}
