using Grains.Silo.Loops;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Outboxes;

namespace Grains.Simulation.Tests.World;

/// <summary>Carries commands to loops, of former owners too, late, twice or not at all; and answers back.</summary>
internal sealed class Network(SimWorld world)
{
    private readonly List<AnswerSeen> _answers = [];

    /// <summary>How many transfers failed on each way after everything else was healed.</summary>
    private readonly Dictionary<(PartitionId From, PartitionId To), int> _failed = [];

    private Random Random => world.Kernel.Random;

    /// <summary>Every answer that reached somebody, to be held against real time.</summary>
    public IReadOnlyList<AnswerSeen> Answers => _answers;

    /// <summary>One attempt; null if no answer came in time.</summary>
    public async Task<Answer?> AttemptAsync(
        PartitionId partition, Command command, int patienceMs, bool mayBeLost = true)
    {
        await world.DelayAsync(Random.Next(0, 5));
        if (Choose(partition) is not { } loop)
        {
            return new NotOwner(false, "Nobody owns it.");
        }

        long calledNs = world.Kernel.NowNs;
        bool isLost = mayBeLost && !world.IsHealing && Random.NextDouble() < world.Plan.LostAnswer;
        var ticket = new AwaitedTicket(command, world, isLost);
        world.After(patienceMs, () => ticket.GiveUp(loop));
        loop.Post(ticket);
        Answer? answer = await ticket.Task;
        world.Counts["stalls told"] = world.Counts.GetValueOrDefault("stalls told")
            + (answer is NotOwner { Why: var why } && why.StartsWith("The journal of", StringComparison.Ordinal) ? 1 : 0);
        Seen(partition, calledNs, command, answer);
        return answer;
    }

    /// <summary>An answer reached who had asked for it.</summary>
    public void Seen(PartitionId partition, long calledNs, Command command, Answer? answer)
    {
        if (answer is not (null or NotOwner) && answer.At.Value > 0
            && command.Consistency.Level == ConsistencyLevel.Linearizable)
        {
            _answers.Add(new AnswerSeen(partition, calledNs, world.Kernel.NowNs, answer.At.Value, command, answer));
        }
    }

    public async ValueTask<Answer> TransferAsync(PartitionId target, AcceptTransfer command, CancellationToken cancel)
    {
        double drawn = world.IsHealing ? 1 : Random.NextDouble();
        if (!world.IsHealing && Random.NextDouble() < world.Plan.RepeatedTransfer)
        {
            world.Count("transfers repeated");
            world.After(Random.Next(0, 3_000), () => _ = AttemptAsync(target, command, 100));
        }

        if (drawn < world.Plan.LostTransfer / 2)
        {
            throw new TimeoutException("It was lost on the way there.");
        }

        int failed = _failed.GetValueOrDefault((command.Source, target));
        if (world.IsHealing && failed < world.Plan.FailedTransfers)
        {
            _failed[(command.Source, target)] = failed + 1;
            throw new TimeoutException("It was lost on the way there.");
        }

        Answer? answer = await AttemptAsync(target, command, Random.Next(100, 2_000), mayBeLost: false);
        return answer is null || drawn < world.Plan.LostTransfer
            ? throw new TimeoutException("No answer came back.")
            : answer;
    }

    /// <summary>Mostly its owner; now and then a former one, that a directory still names.</summary>
    public PartitionLoop? Choose(PartitionId partition)
    {
        PartitionLoop[] loops = world.LoopsOf(partition);
        return loops.Length == 0 ? null
            : world.IsHealing || Random.Next(4) > 0 ? loops[0] : loops[Random.Next(loops.Length)];
    }

    private sealed class AwaitedTicket(Command command, SimWorld world, bool isLost) : Ticket(command)
    {
        private readonly TaskCompletionSource<Answer?> _answer = new(
            TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Answer?> Task => _answer.Task;

        public override void Complete(Answer answer)
        {
            if (!isLost)
            {
                world.After(world.Kernel.Random.Next(0, 5), () => _answer.TrySetResult(answer));
            }
        }

        public void GiveUp(PartitionLoop loop)
        {
            if (_answer.TrySetResult(null) && world.Kernel.Random.Next(2) == 0)
            {
                loop.Forget(this);
            }
        }
    }
}

/// <summary>An answer, when it was asked for and when it came, and the revision that it claims.</summary>
internal sealed record AnswerSeen(
    PartitionId Partition, long CallNs, long ReturnNs, long At, Command Command, Answer Answer);
