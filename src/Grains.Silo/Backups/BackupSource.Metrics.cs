using System.Diagnostics.Metrics;
using Grains.Silo.Telemetry;

namespace Grains.Silo.Backups;

public sealed partial class BackupSource
{
    private static readonly Counter<long> _bytes = GrainsMeter.Instance.CreateCounter<long>(
        "grains.backup.bytes", "By", "Bytes of backups given out.");

    private static readonly Histogram<double> _seconds = GrainsMeter.Instance.CreateHistogram<double>(
        "grains.backup.duration", "s", "How long backups took, by whether they came to their end.");
}
