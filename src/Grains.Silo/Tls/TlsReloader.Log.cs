using Microsoft.Extensions.Logging;

namespace Grains.Silo.Tls;

internal sealed partial class TlsReloader
{
    [LoggerMessage(3201, LogLevel.Information, "{Whom} are spoken with by TLS as {Subject}, until {Until:u}.")]
    private static partial void LogInUse(ILogger logger, string whom, string subject, DateTime until);

    [LoggerMessage(3202, LogLevel.Warning, "The new certificate files are not used yet, the old ones stay: {Reason}")]
    private static partial void LogNotTaken(ILogger logger, string reason);

    [LoggerMessage(3203, LogLevel.Warning,
        "The certificate in {File} runs out at {Until:u}. After that nobody takes a new connection "
        + "by it: replace the file, no restart is needed.")]
    private static partial void LogExpiry(ILogger logger, string file, DateTime until);
}
