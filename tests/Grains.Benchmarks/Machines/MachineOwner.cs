using System.Diagnostics;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Partitions;

namespace Grains.Benchmarks.Machines;

/// <summary>An open machine, and the time and memory that deciding takes; making the commands is not counted.</summary>
internal sealed class MachineOwner
{
    private const long _incarnation = 1L << 40;
    private readonly List<Request> _batch = [];
    private readonly Dictionary<object, Answer> _answers = [];
    private long _nowMs = 1_000_000;
    private long _number;

    public MachineOwner(uint id = 0)
    {
        Machine = new PartitionMachine(new PartitionId(id), new MachineLimits { PartitionBytesMax = 4L << 30 });
        Machine.ReplayEpoch(new Revision(1), new Epoch(1), 0, 0);
        Machine.Open();
    }

    public PartitionMachine Machine { get; }

    public long Ticks { get; private set; }

    public long AllocatedBytes { get; private set; }

    public long LongestTicks { get; private set; }

    /// <summary>
    /// The longest batch by the thread's own processor time: without collections and other processes.
    /// </summary>
    public long LongestCpuNs { get; private set; }

    public void ResetTimes() => (Ticks, AllocatedBytes, LongestTicks, LongestCpuNs) = (0, 0, 0, 0);

    /// <summary>One batch and, if receives wait for their first attempt's record, what follows it.</summary>
    public Answer[] Do(IReadOnlyList<Command> commands)
    {
        _batch.Clear();
        _answers.Clear();
        foreach (Command command in commands)
        {
            bool isNamed = !command.IsRead && command is not StateMachines.Deliveries.Receive;
            _batch.Add(new Request(
                isNamed ? command with { Id = new CommandId(_incarnation, ++_number) } : command, new object()));
        }

        Decide(_batch);
        for (int rounds = 0; _answers.Count < _batch.Count && rounds < 10; rounds++)
        {
            Decide([]);
        }

        return [.. _batch.Select(r => _answers[r.Ticket])];
    }

    private void Decide(IReadOnlyList<Request> batch)
    {
        long bytes = GC.GetAllocatedBytesForCurrentThread();
        long cpuNs = ThreadClock.Ns;
        long begun = Stopwatch.GetTimestamp();
        Machine.Decide(batch, Moment.At(++_nowMs));
        IReadOnlyList<Reply> replies = Machine.Commit();
        long ticks = Stopwatch.GetTimestamp() - begun;
        LongestCpuNs = Math.Max(LongestCpuNs, ThreadClock.Ns - cpuNs);
        AllocatedBytes += GC.GetAllocatedBytesForCurrentThread() - bytes;
        Ticks += ticks;
        LongestTicks = Math.Max(LongestTicks, ticks);
        foreach (Reply reply in replies)
        {
            if (reply.Answer is Refused refused)
            {
                throw new InvalidOperationException($"A benchmark's command was refused: {refused.Code} {refused}");
            }

            _answers[reply.Ticket] = reply.Answer;
        }
    }
}
