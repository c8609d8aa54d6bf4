using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging;

namespace Grains.Handlers.Runs;

internal sealed partial class RunKeeper
{
    [LoggerMessage(4001, LogLevel.Debug, "The lease of delivery {Delivery} was not prolonged this time: {Why}")]
    private static partial void LogNotRenewed(ILogger log, DeliveryId delivery, string why);

    [LoggerMessage(4002, LogLevel.Error, "The lease of delivery {Delivery} could not be prolonged. Report this: it is "
        + "not expected.")]
    private static partial void LogRenewalFailed(ILogger log, Exception e, DeliveryId delivery);
}
