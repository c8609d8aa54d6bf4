using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging;

namespace Grains.Handlers.Runs;

internal sealed partial class RunConclusion
{
    [LoggerMessage(4011, LogLevel.Debug, "{Service}/{Node}: {End}; {Reason}")]
    private static partial void LogNotHandled(ILogger log, string service, Utf8Name node, RunEnd end, string reason);

    [LoggerMessage(4012, LogLevel.Warning,
        "{Service}/{Node} was handled, and its partition does not answer; its messages come again unless it was "
        + "stored. {Why}")]
    private static partial void LogNotConcluded(ILogger log, string service, Utf8Name node, string why);
}
