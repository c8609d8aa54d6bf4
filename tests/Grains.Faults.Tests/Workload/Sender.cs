using Grains.Checkers.Messages;
using Grains.StateMachines.Ids;

namespace Grains.Faults.Tests.Workload;

/// <summary>
/// Sends messages to the intake nodes, each again and again with its Idempotency-Key until it is acknowledged; some
/// are sent again after that, and must be answered with the same id.
/// </summary>
internal sealed class Sender(int number, int seed, Caller caller, LoadRecord record)
{
    private readonly Names _names = record.Names;
    private readonly Random _random = new(seed);

    /// <param name="pause">After each message.</param>
    /// <param name="stop">No new messages.</param>
    /// <param name="giveUp">Not even the message at hand: the server is gone for good.</param>
    public async Task RunAsync(TimeSpan pause, CancellationToken stop, CancellationToken giveUp)
    {
        for (int n = 0; !stop.IsCancellationRequested; n++, await Task.Delay(pause, CancellationToken.None))
        {
            string label = $"m{number}-{n}";
            string node = Names.IntakeNode(_random.Next(Names.IntakeNodes));
            string? id = await SendAsync(label, node, giveUp);
            if (id is not null && _random.Next(20) == 0)
            {
                await SendAgainAsync(label, node, id);
            }
        }
    }

    private async Task<string?> SendAsync(string label, string node, CancellationToken giveUp)
    {
        record.Messages[label] = MessageFate.Unknown;
        long callNs = LoadRecord.NowNs();
        while (!giveUp.IsCancellationRequested)
        {
            Reply reply = await caller.SendMessageAsync(_names.Intake, node, label, label);
            if (reply.Is(202))
            {
                string id = reply.Json().GetProperty("id").GetString()!;
                record.Messages[label] = MessageFate.Acknowledged;
                record.Acknowledge(label, $"message {id}");
                CheckId(id, node, callNs);
                return id;
            }

            if (reply.Kind == ReplyKind.Decided)
            {
                record.Violations.Enqueue($"a message was refused: {label} to {node}: {reply}");
                return null;
            }

            await Task.Delay(20, CancellationToken.None);
        }

        return null;
    }

    private async Task SendAgainAsync(string label, string node, string id)
    {
        Reply reply = await caller.SendMessageAsync(_names.Intake, node, label, label);
        if (reply.Kind == ReplyKind.Decided
            && (!reply.Is(202) || !reply.Repeated || reply.Json().GetProperty("id").GetString() != id))
        {
            record.Violations.Enqueue($"message {label} was sent again and not answered as {id}: {reply}");
        }
    }

    private void CheckId(string id, string node, long callNs)
    {
        uint partition = Names.PartitionOfNode(_names.Intake, node);
        if (!MessageId.TryParse(id, out MessageId message) || message.Partition.Value != partition)
        {
            record.Violations.Enqueue($"message id {id} of {node} does not name partition {partition}");
            return;
        }

        record.Wrote(partition, message.Revision.Value, callNs);
    }
}
