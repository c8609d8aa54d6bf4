using Microsoft.Extensions.Logging;

namespace Grains.FrontEnd.Gate;

internal sealed partial class RequestGate
{
    [LoggerMessage(1001, LogLevel.Error,
        "Fault {Instance} in {Method} {Route}. Its caller was told 500 and that the outcome is unknown. Please report "
        + "it.")]
    private static partial void LogFault(ILogger log, Exception fault, string instance, string method, string? route);

    [LoggerMessage(1002, LogLevel.Debug, "The caller of a {Method} went away before its answer.")]
    private static partial void LogGone(ILogger log, string method);
}
