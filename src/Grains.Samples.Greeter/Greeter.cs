using System.Globalization;
using Grains.Api.Deliveries;
using Grains.Handlers;

namespace Grains.Samples.Greeter;

/// <summary>Greets whoever writes to a node, and counts in the node's state how often.</summary>
internal sealed partial class Greeter(ILogger<Greeter> log) : IHandler
{
    public ValueTask<CommitRequest> HandleAsync(Delivery delivery, CancellationToken cancel)
    {
        int count = int.Parse(delivery.State?.Text ?? "0", CultureInfo.InvariantCulture) + delivery.Messages.Length;
        LogGreeted(log, delivery.Node, count);
        return ValueTask.FromResult(
            new CommitRequest { State = new CommitState { Text = $"{count}", ContentType = "text/plain" } });
    }

    [LoggerMessage(1, LogLevel.Information, "Hello {Node}, for the {Count}. time")]
    private static partial void LogGreeted(ILogger log, string node, int count);
}
