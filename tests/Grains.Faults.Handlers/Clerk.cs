using System.Globalization;
using Grains.Api.Deliveries;
using Grains.Handlers;

namespace Grains.Faults.Handlers;

/// <summary>
/// Replies to each request with the how manyth it is, and notes the times at which its timer fired. Its state: how many
/// requests there were, then those times.
/// </summary>
internal sealed class Clerk : IHandler
{
    public ValueTask<CommitRequest> HandleAsync(Delivery delivery, CancellationToken cancel)
    {
        string[] state = (delivery.State?.Text ?? "0").Split(' ');
        int requests = int.Parse(state[0], CultureInfo.InvariantCulture);
        IEnumerable<string> times = state.Skip(1);
        DeliveredMessage message = delivery.Messages[0];
        if (message.Headers.TryGetValue("grains-timer-due", out string? due))
        {
            return ValueTask.FromResult(new CommitRequest { State = State(requests, times.Append(due)) });
        }

        return ValueTask.FromResult(new CommitRequest
        {
            State = State(requests + 1, times),
            Replies = [new CommitReply { Text = $"{requests + 1}", ContentType = "text/plain" }],
        });
    }

    private static CommitState State(int requests, IEnumerable<string> times) =>
        new() { Text = string.Join(' ', times.Prepend($"{requests}")), ContentType = "text/plain" };
}
