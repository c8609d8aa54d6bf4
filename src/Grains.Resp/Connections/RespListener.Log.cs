using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Grains.Resp.Connections;

internal sealed partial class RespListener
{
    [LoggerMessage(1911, LogLevel.Warning,
        "Nothing listens for Redis clients: {Address} is in use by another process. Choose another address with "
        + "--resp, or say --resp off.")]
    private static partial void LogTaken(ILogger logger, IPEndPoint address);

    [LoggerMessage(1912, LogLevel.Warning, "A connection of a Redis client could not be accepted: {Reason}.")]
    private static partial void LogNotAccepted(ILogger logger, SocketError reason);

    [LoggerMessage(1913, LogLevel.Error, "A connection of a Redis client was broken off by a fault of this program.")]
    private static partial void LogFailed(ILogger logger, Exception fault);

    [LoggerMessage(1914, LogLevel.Warning,
        "The journal has not answered the thread of all Redis clients for a quarter of a second: another thread goes "
        + "on with their connections. Look at the disk, if this comes often.")]
    private static partial void LogHangs(ILogger logger);

    [LoggerMessage(1915, LogLevel.Warning,
        "No TLS with the Redis client at {Address}: {Reason}. (Others not said: {Unsaid})")]
    private static partial void LogNoTls(ILogger logger, IPEndPoint? address, string reason, long unsaid);
}
