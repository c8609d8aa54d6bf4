using System.Diagnostics.Metrics;
using Grains.Silo.Telemetry;
using Microsoft.Extensions.Logging;

namespace Grains.Operations.Access;

public sealed partial class AccessKeeper
{
    private static readonly Counter<long> _notTaken = GrainsMeter.Instance.CreateCounter<long>(
        "grains.keys.file.refused", "{reading}",
        "Keys files that were found while running and not taken: missing, or wrong.");

    private readonly ServerGauges _gauges = new();

    public override void Dispose()
    {
        _gauges.Dispose();
        base.Dispose();
    }

    private void KeepMetrics()
    {
        _gauges.Add("grains.keys.count", () => ring.Count, "{key}", "API keys in use.");
        _gauges.Add(
            "grains.keys.file.stale", () => IsStale ? 1 : 0, "1", "1 while the keys file is not what is in use.");
    }

    [LoggerMessage(1101, LogLevel.Information,
        "The keys file is in use as it is now. Keys added: {Added}; removed: {Removed}; with another permission or "
        + "end: {Changed}.")]
    private static partial void LogTaken(ILogger logger, string added, string removed, string changed);

    [LoggerMessage(1102, LogLevel.Error,
        "The keys file {File} is not used as it is now; the keys read before stay in use, also those that were "
        + "removed from it. Put "
        + "it right, no restart is needed: {Reason}")]
    private static partial void LogNotTaken(ILogger logger, string file, string reason);

    [LoggerMessage(1103, LogLevel.Information, "The key {Name} has expired.")]
    private static partial void LogExpired(ILogger logger, string name);
}
