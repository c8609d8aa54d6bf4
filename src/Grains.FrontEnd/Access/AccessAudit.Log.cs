using System.Diagnostics.Metrics;
using Grains.Silo.Telemetry;
using Microsoft.Extensions.Logging;

namespace Grains.FrontEnd.Access;

public sealed partial class AccessAudit
{
    private static readonly Counter<long> _actions = GrainsMeter.Instance.CreateCounter<long>(
        "grains.access.admin", "{request}", "Requests that need the permission admin, by route and outcome.");

    private static void Count(string route, string outcome) => _actions.Add(
        1,
        new KeyValuePair<string, object?>("route", route),
        new KeyValuePair<string, object?>("outcome", outcome));

    [LoggerMessage(1111, LogLevel.Information, "Audit: '{Key}' at {Address} asked for {Method} {Target}; the answer "
        + "was {Status}.")]
    private static partial void LogDone(
        ILogger logger, string key, string address, string method, string target, string status);

    [LoggerMessage(1112, LogLevel.Warning,
        "Refused with {Status} ({Reason}): '{Key}' at {Address} asked for {Method} {Target}. (Others not said: "
        + "{Unsaid})")]
    private static partial void LogRefused(
        ILogger logger, int status, string reason, string key, string address, string method, string target,
        long unsaid);

    [LoggerMessage(1113, LogLevel.Warning, "Refused with 401 or 403, and not said one by one: {Unsaid} requests.")]
    private static partial void LogUnsaid(ILogger logger, long unsaid);
}
