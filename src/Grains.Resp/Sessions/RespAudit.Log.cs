using System.Net;
using Microsoft.Extensions.Logging;

namespace Grains.Resp.Sessions;

internal sealed partial class RespAudit
{
    [LoggerMessage(1901, LogLevel.Warning, "Refused with WRONGPASS: somebody at {Address} gave no known key. (Others "
        + "not said: {Unsaid})")]
    private static partial void LogRefused(ILogger logger, IPEndPoint? address, long unsaid);

    [LoggerMessage(1902, LogLevel.Information, "Audit: '{Key}' at {Address} asked for {What}; the "
        + "answer was {Outcome}.")]
    private static partial void LogFlushed(
        ILogger logger, string key, IPEndPoint? address, string what, string outcome);

    [LoggerMessage(1903, LogLevel.Warning, "Redis clients that were not let in, and not said one by one: {Unsaid}.")]
    private static partial void LogUnsaid(ILogger logger, long unsaid);
}
