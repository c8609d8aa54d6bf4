using Grains.Journal;
using Grains.Journal.Memory;
using Grains.Silo.Partitions;
using Grains.Simulation.Tests.Workload;
using Grains.Simulation.Tests.World;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Partitions;
using Grains.StateMachines.Replies;

namespace Grains.Simulation.Tests.Checks;

/// <summary>
/// What the partitions hold when everything is over: asked of the last owner, and replayed from its log.
/// </summary>
internal sealed class FinalState(SimWorld world)
{
    /// <summary>The label of every message that took effect, as often as it did.</summary>
    public List<string> Effects { get; } = [];

    /// <summary>The labels in a node's state, in the order in which they took effect.</summary>
    public List<string[]> Orders { get; } = [];

    /// <summary>Labels of dead letters.</summary>
    public List<string> Dead { get; } = [];

    public async Task ReadAsync()
    {
        foreach (PartitionId partition in world.Partitions)
        {
            for (int node = 0; node < Names.Nodes; node++)
            {
                await ReadNodeAsync(partition, new Utf8Name($"n{node}"));
            }

            Answer expiring = await AskAsync(partition, new ListKeys { Keyspace = Names.Expiring, Limit = 10 });
            if (expiring is not KeyPage { Entries.Length: 0 })
            {
                world.Violation($"{partition} still has keys whose time is over");
            }

            await CompareReplayAsync(partition);
        }
    }

    /// <summary>
    /// Every acknowledged message has the reply of its handler, wherever that was, or is a dead letter.
    /// </summary>
    public async Task ReadRepliesAsync(RunRecord record)
    {
        foreach ((string label, MessageId id) in record.Ids)
        {
            Answer answer = await AskAsync(id.Partition, new GetReply(Names.Service, id));
            bool isDead = Dead.Contains(label) || Dead.Contains($"{label}/");
            if (!isDead
                && (answer is not ReplyFound { Content: { } content } || Names.Text(content.Body) != Names.ReplyTo(label)))
            {
                world.Violation($"in the end the reply to {label} is {answer}");
            }
        }
    }

    public static bool AnyWaits(PartitionMachine machine) => Enumerable.Range(0, Names.Nodes).Any(
        node => machine.ReadDurable(new GetNode { Service = Names.Service, Node = new Utf8Name($"n{node}") })
            is NodeFound { Node: { Waiting: > 0 } or { Delivered: > 0 } });

    private async Task ReadNodeAsync(PartitionId partition, Utf8Name node)
    {
        Answer found = await AskAsync(
            partition, new GetNode { Service = Names.Service, Node = node, WithState = true });
        string[] labels = found is NodeFound { Node: var view } ? Names.Labels(view.State) : [];
        Effects.AddRange(labels);
        Orders.Add(labels);
        Answer counted = await AskAsync(partition, new GetKey { Keyspace = Names.Counts, Key = node });
        string count = counted is KeyFound key ? Names.Text(key.Entry.Value) : "0";
        if (count != $"{labels.Length}")
        {
            world.Violation(
                $"{partition} {node}: its state has {labels.Length} messages, the key written with it says {count}");
        }

        Answer dead = await AskAsync(
            partition, new ListMessages { Service = Names.Service, Node = node, Dead = true, Limit = 1_000 });
        Dead.AddRange(((MessagePage)dead).Messages.Select(m => Names.Text(m.Content.Body)));
    }

    private async Task<Answer> AskAsync(PartitionId partition, Command command)
    {
        for (int attempt = 0; attempt < 100; attempt++)
        {
            if (await world.Network.AttemptAsync(partition, command, 1_000) is { } answer and not NotOwner)
            {
                return answer;
            }

            await world.DelayAsync(50);
        }

        throw new TimeoutException(
            $"{partition} gave no answer to {command.GetType().Name} after everything was healed.");
    }

    /// <summary>Replay decides nothing: checkpoint and log give the state of the last owner, byte for byte.</summary>
    private async Task CompareReplayAsync(PartitionId partition)
    {
        await using var journal = new MemoryJournal(world.Disk);
        var machine = new PartitionMachine(partition, world.Plant.Limits(world.Plan.Limits));
        Revision from = Revision.None;
        if (await journal.ReadCheckpointAsync(partition, CancellationToken.None) is { } checkpoint)
        {
            await foreach (ReadOnlyMemory<byte> chunk in checkpoint.Chunks)
            {
                machine.RestoreChunk(chunk.Span);
            }

            machine.RestoreDone(checkpoint.At.Revision);
            from = checkpoint.At.Revision;
        }

        await foreach (JournalRecord record in journal.ReadAsync(partition, from.Next, CancellationToken.None))
        {
            if (record.Kind == JournalRecordKind.Epoch)
            {
                EpochRecord epoch = EpochRecord.Decode(record.Payload.Span);
                machine.ReplayEpoch(record.First, record.Epoch, epoch.Incarnation, epoch.AcquiredAtMs);
            }
            else
            {
                machine.Replay(record.First, record.Count, record.Payload.Span);
            }
        }

        if (!StateOf(machine).AsSpan().SequenceEqual(StateOf(world.Healer!.Owned[partition].Machine)))
        {
            world.Violation($"{partition}: replay to {machine.Revision} gives another state than the last owner has");
        }
    }

    private static byte[] StateOf(PartitionMachine machine) =>
        [.. machine.Capture().Chunks().SelectMany(c => c.ToArray())];
}
