using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Partitions;
using Grains.StateMachines.Slots;
using Request = Grains.StateMachines.Batches.Request;

namespace Grains.Resp.Tests.World;

/// <summary>
/// Real machines in memory. What is asked of one is decided at once, or, while it is held, when it is let go: as one
/// batch.
/// </summary>
internal sealed class MachinePartitions(int count, TimeProvider time) : IPartitions
{
    private readonly Lock _lock = new();
    private readonly Dictionary<PartitionId, (PartitionMachine Machine, List<Asked> Waiting)> _machines = [];

    public SlotMap Slots { get; } = SlotMap.Even(count);

    public bool IsReady { get; set; } = true;

    public bool IsHeld { get; private set; }

    public MachineLimits Limits { get; init; } = new();

    /// <summary>Asked before the machines; null = not scripted.</summary>
    public Func<Command, Answer?> Script { get; set; } = _ => null;

    /// <summary>How many commands wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _machines.Values.Sum(m => m.Waiting.Count);
            }
        }
    }

    public ValueTask<Answer> ExecuteAsync(PartitionId partition, Command command, CancellationToken cancel)
    {
        lock (_lock)
        {
            if (Script(command) is { } scripted)
            {
                return new ValueTask<Answer>(scripted);
            }

            (PartitionMachine machine, List<Asked> waiting) = Of(partition);
            if (command is GetKey get && machine.TryRead(get) is { } read)
            {
                return new ValueTask<Answer>(read);
            }

            var asked = new Asked(command);
            waiting.Add(asked);
            if (!IsHeld)
            {
                Decide(machine, waiting);
            }

            return new ValueTask<Answer>(asked.Answer.Task);
        }
    }

    public void Hold() => IsHeld = true;

    public void LetGo()
    {
        lock (_lock)
        {
            IsHeld = false;
            foreach ((PartitionMachine machine, List<Asked> waiting) in _machines.Values)
            {
                Decide(machine, waiting);
            }
        }
    }

    private (PartitionMachine Machine, List<Asked> Waiting) Of(PartitionId partition)
    {
        if (!_machines.TryGetValue(partition, out (PartitionMachine Machine, List<Asked> Waiting) there))
        {
            var machine = new PartitionMachine(partition, Limits);
            machine.ReplayEpoch(new Revision(1), new Epoch(1), 0, NowMs);
            machine.Open();
            _machines[partition] = there = (machine, []);
        }

        return there;
    }

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    private void Decide(PartitionMachine machine, List<Asked> waiting)
    {
        Request[] batch = [.. waiting.Select(a => new Request(a.Command, a))];
        waiting.Clear();
        machine.Decide(batch, Moment.At(NowMs));
        foreach (Reply reply in machine.Commit().ToArray())
        {
            ((Asked)reply.Ticket).Answer.SetResult(reply.Answer);
        }
    }

    private sealed record Asked(Command Command)
    {
        public TaskCompletionSource<Answer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
