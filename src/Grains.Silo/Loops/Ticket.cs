using Grains.StateMachines.Batches;

namespace Grains.Silo.Loops;

/// <summary>A command on its way, and whom to tell. Answered exactly once by the loop that took it.</summary>
public abstract class Ticket(Command command)
{
    public Command Command { get; } = command;

    public long SizeBytes { get; } = command.SizeBytes;

    /// <summary>Set and read by the loop alone: decided, but still waiting inside the machine.</summary>
    internal bool IsParked { get; set; }

    /// <summary>Set by the caller's thread: nobody waits for the answer any more.</summary>
    internal volatile bool IsGone;

    /// <summary>Any thread: nobody need lead for it any more.</summary>
    public virtual bool IsAnswered => false;

    /// <summary>Any thread; must not run the caller's code on it.</summary>
    public abstract void Complete(Answer answer);
}

/// <summary>A command whose caller awaits a task.</summary>
public sealed class TaskTicket(Command command) : Ticket(command)
{
    private readonly TaskCompletionSource<Answer> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<Answer> Task => _answer.Task;

    public override bool IsAnswered => Task.IsCompleted;

    public override void Complete(Answer answer) => _answer.TrySetResult(answer);

    /// <summary>Ends the waiting, not the command.</summary>
    public void Abandon(CancellationToken cancel) => _answer.TrySetCanceled(cancel);

    /// <summary>
    /// Its answer, unless the caller goes away before; then whoever has the ticket is told to forget it.
    /// </summary>
    public async Task<Answer> WhileWantedAsync(Action<Ticket> forget, CancellationToken cancel)
    {
        using CancellationTokenRegistration registration = cancel.UnsafeRegister(
            (_, token) =>
            {
                Abandon(token);
                forget(this);
            },
            null);
        return await Task;
    }
}

/// <summary>Commands that came in one call and are answered in one.</summary>
public sealed class TicketBatch
{
    private readonly Answer[] _answers;
    private readonly TaskCompletionSource<Answer[]> _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _missing;

    private TicketBatch(int count)
    {
        _answers = new Answer[count];
        _missing = count;
    }

    public static Task<Answer[]> PostAsync(IReadOnlyList<Command> commands, Action<Ticket> post)
    {
        if (commands.Count == 0)
        {
            return Task.FromResult<Answer[]>([]);
        }

        var batch = new TicketBatch(commands.Count);
        for (int i = 0; i < commands.Count; i++)
        {
            post(new Member(commands[i], batch, i));
        }

        return batch._all.Task;
    }

    private sealed class Member(Command command, TicketBatch batch, int index) : Ticket(command)
    {
        public override void Complete(Answer answer)
        {
            if (Interlocked.CompareExchange(ref batch._answers[index], answer, null!) is null
                && Interlocked.Decrement(ref batch._missing) == 0)
            {
                batch._all.SetResult(batch._answers);
            }
        }
    }
}
