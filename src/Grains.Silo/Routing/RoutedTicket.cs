using System.Threading.Tasks.Sources;
using Grains.Silo.Loops;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Routing;

/// <summary>
/// A named command for a loop of this process, and what its caller awaits: one object, for it is what most writes are.
/// Where the loop does not simply answer, <see cref="PartitionRouter.GoOnAsync"/> finds the answer.
/// </summary>
internal sealed class RoutedTicket : Ticket, IValueTaskSource<Answer>
{
    private readonly PartitionRouter _router;

    /// <summary>
    /// Where the caller asked: what is to be done about a lost answer is done there, as after an await.
    /// </summary>
    private readonly SynchronizationContext? _context = SynchronizationContext.Current;
    private readonly TaskScheduler _scheduler = TaskScheduler.Current;
    private ManualResetValueTaskSourceCore<Answer> _answer = new() { RunContinuationsAsynchronously = true };
    private int _isAnswered;

    public RoutedTicket(
        PartitionRouter router, PartitionId partition, CommandNumbers numbers, Command command, long askedAt)
        : base(command) => (_router, Partition, Numbers, AskedAt) = (router, partition, numbers, askedAt);

    public PartitionId Partition { get; }

    /// <summary>From which its id is, and to which that goes back.</summary>
    public CommandNumbers Numbers { get; }

    public long AskedAt { get; }

    public override bool IsAnswered => Volatile.Read(ref _isAnswered) != 0;

    /// <summary>To be awaited once.</summary>
    public ValueTask<Answer> AnswerAsync() => new(this, _answer.Version);

    public override void Complete(Answer answer)
    {
        if (Interlocked.Exchange(ref _isAnswered, 1) != 0)
        {
            return;
        }

        if (answer is NotOwner or Refused { Code: Refusal.CommandTooOld })
        {
            GoOn(answer);
            return;
        }

        Numbers.Release(Command.Id);
        _answer.SetResult(answer);
    }

    private void GoOn(Answer first)
    {
        if (_context is not null)
        {
            _context.Post(_ => _ = GoOnAsync(first), null);
            return;
        }

        _ = Task.Factory.StartNew(
            () => GoOnAsync(first), CancellationToken.None, TaskCreationOptions.DenyChildAttach, _scheduler);
    }

    private async Task GoOnAsync(Answer first)
    {
        try
        {
            _answer.SetResult(await _router.GoOnAsync(this, first));
        }
        catch (Exception e)
        {
            _answer.SetException(e);
        }
    }

    Answer IValueTaskSource<Answer>.GetResult(short token) => _answer.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<Answer>.GetStatus(short token) => _answer.GetStatus(token);

    void IValueTaskSource<Answer>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _answer.OnCompleted(continuation, state, token, flags);
}
