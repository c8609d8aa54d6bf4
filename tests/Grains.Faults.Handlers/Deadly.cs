using Grains.Api.Deliveries;
using Grains.Handlers;

namespace Grains.Faults.Handlers;

/// <summary>Ends its server, at once and without a word to anybody, if a message says <c>die</c>.</summary>
internal sealed class Deadly : IHandler
{
    public ValueTask<CommitRequest> HandleAsync(Delivery delivery, CancellationToken cancel)
    {
        if (delivery.Messages.Any(m => m.Text == "die"))
        {
            Environment.FailFast("A message told it to.");
        }

        return ValueTask.FromResult(
            new CommitRequest { State = new CommitState { Text = "alive", ContentType = "text/plain" } });
    }
}
