using System.Globalization;
using Grains.Api.Deliveries;
using Grains.Handlers;

namespace Grains.Faults.Handlers;

/// <summary>
/// An account of a bank. Told <c>move AMOUNT ACCOUNT</c> it takes the amount off itself and sends <c>add AMOUNT</c> to
/// the other. Its state: balance, how often it moved, how often something was added.
/// </summary>
internal sealed class Account : IHandler
{
    public ValueTask<CommitRequest> HandleAsync(Delivery delivery, CancellationToken cancel)
    {
        long[] state =
        [
            .. (delivery.State?.Text ?? "0 0 0").Split(' ').Select(w => long.Parse(w, CultureInfo.InvariantCulture))
        ];
        var sends = new List<CommitSend>();
        foreach (DeliveredMessage message in delivery.Messages)
        {
            string[] words = message.Text!.Split(' ');
            long amount = long.Parse(words[1], CultureInfo.InvariantCulture);
            if (words[0] == "move")
            {
                (state[0], state[1]) = (state[0] - amount, state[1] + 1);
                sends.Add(new CommitSend { Node = words[2], ContentType = "text/plain", Text = $"add {words[1]}" });
            }
            else
            {
                (state[0], state[2]) = (state[0] + amount, state[2] + 1);
            }
        }

        return ValueTask.FromResult(new CommitRequest
        {
            State = new CommitState { Text = string.Join(' ', state), ContentType = "text/plain" }, Sends = [.. sends],
        });
    }
}
