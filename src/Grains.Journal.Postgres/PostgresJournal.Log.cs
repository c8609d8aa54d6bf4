using Microsoft.Extensions.Logging;

namespace Grains.Journal.Postgres;

public sealed partial class PostgresJournal
{
    [LoggerMessage(2100, LogLevel.Warning,
        "Postgres at {Place} has {Standbys} asynchronous standbys and no synchronous one. Promoting one of them loses "
        + "acknowledged writes. Set synchronous_standby_names there to be safe from that.")]
    private static partial void LogAsynchronous(ILogger logger, string place, int standbys);
}
