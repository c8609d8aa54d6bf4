using Grains.Checkers.Messages;
using Grains.Checkers.Witnesses;
using Grains.Simulation.Tests.World;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Replies;

namespace Grains.Simulation.Tests.Workload;

/// <summary>
/// Sends messages with unique labels. With an idempotency key it repeats each until it is acknowledged, as a new
/// command every time; without one it gives up, not knowing.
/// </summary>
internal sealed class Sender(SimWorld world, RunRecord record, int number)
{
    private readonly Caller _caller = new(world);
    private int _labels;

    private Random Random => world.Kernel.Random;

    public async Task RunAsync()
    {
        while (!world.IsHealing)
        {
            await SendAsync(new PartitionId((uint)Random.Next(world.Plan.Partitions)), Random.Next(Names.Nodes));
            await world.DelayAsync(Random.Next(0, 400));
        }
    }

    /// <summary>
    /// Waits a while for the reply, sometimes: through crashes and changes of the owner, as a router would.
    /// </summary>
    private async Task AskAsync(MessageId message, string label)
    {
        if (Random.Next(3) > 0)
        {
            return;
        }

        var get = new GetReply(Names.Service, message) { WaitMs = Random.Next(800) };
        Outcome outcome = await _caller.CallAsync(message.Partition, get, 1_500);
        world.Count($"replies {(outcome.Answer is ReplyFound { Status: var status } ? $"{status}" : "unknown")}");
        if (outcome.Answer is ReplyFound { Status: ReplyStatus.Finished }
            || (outcome.Answer is ReplyFound { Content: { } content } && Names.Text(content.Body) != Names.ReplyTo(label)))
        {
            world.Violation($"{label} is replied to with {outcome.Answer}");
        }
    }

    private async Task SendAsync(PartitionId partition, int node)
    {
        string label = $"m{number}.{++_labels}";
        bool isRepeated = Random.Next(2) == 0;
        var send = new SendMessage
        {
            Service = Names.Service,
            Node = new Utf8Name($"n{node}"),
            Content = Names.Content(label),
            MailboxLimit = 1_000_000,
            IdempotencyKey = isRepeated ? new IdempotencyKey(new UInt128((ulong)number, (ulong)_labels), 1) : null,
        };
        long callNs = world.Kernel.NowNs;
        record.Sent[label] = MessageFate.Unknown;
        do
        {
            Outcome outcome = await _caller.CallAsync(partition, send, isRepeated ? 2_000 : 6_000);
            world.Note($"send {label} {outcome.Answer} {outcome.MayHaveHappened}");
            if (outcome.Answer is MessageAccepted accepted)
            {
                record.Sent[label] = MessageFate.Acknowledged;
                record.Accepted[label] = accepted.Message.Revision;
                record.Ids[label] = accepted.Message;
                record.Witnesses.Add(new Witness
                {
                    Kind = WitnessKind.Write,
                    Partition = partition.Value,
                    Revision = accepted.Message.Revision.Value,
                    CallNs = callNs,
                    ReturnNs = world.Kernel.NowNs,
                });
                await AskAsync(accepted.Message, label);
                return;
            }

            if (!isRepeated)
            {
                record.Sent[label] = outcome.MayHaveHappened ? MessageFate.Unknown : MessageFate.Refused;
                return;
            }
        }
        while (true);
    }
}
