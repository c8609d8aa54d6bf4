using System.Globalization;
using System.Text;
using Grains.Api.Deliveries;
using Grains.Handlers;

namespace Grains.Faults.Handlers;

/// <summary>
/// A node of a ring. <c>hub</c> is told <c>nodes tokens hops</c> and lets the tokens out. Node <c>n7</c> is sent
/// <c>token hop</c>, notes it in its state, and sends the token on to <c>n8</c>, or after its last hop to <c>end</c>.
/// </summary>
internal sealed class Hop : IHandler
{
    public ValueTask<CommitRequest> HandleAsync(Delivery delivery, CancellationToken cancel)
    {
        var state = new StringBuilder(delivery.State?.Text);
        var sends = new List<CommitSend>();
        foreach (DeliveredMessage message in delivery.Messages)
        {
            int[] words = [.. message.Text!.Split(' ').Select(w => int.Parse(w, CultureInfo.InvariantCulture))];
            if (delivery.Node == "hub")
            {
                sends.AddRange(
                    Enumerable.Range(0, words[1]).Select(
                        token => Send($"n{token * 7 % words[0]}", words[0], token, 0, words[2])));
                continue;
            }

            (int nodes, int token, int hop, int hops) = (words[0], words[1], words[2], words[3]);
            state.Append(CultureInfo.InvariantCulture, $"{token}:{hop} ");
            if (delivery.Node != "end")
            {
                int next = (int.Parse(delivery.Node.AsSpan(1), CultureInfo.InvariantCulture) + 1) % nodes;
                sends.Add(Send(hop == hops ? "end" : $"n{next}", nodes, token, hop + 1, hops));
            }
        }

        return ValueTask.FromResult(new CommitRequest
        {
            State = new CommitState { Text = state.ToString(), ContentType = "text/plain" },
            Sends = [.. sends],
        });
    }

    private static CommitSend Send(string node, int nodes, int token, int hop, int hops) =>
        new()
        {
            Node = node, ContentType = "text/plain",
            Text = string.Create(CultureInfo.InvariantCulture, $"{nodes} {token} {hop} {hops}")
        };
}
