using Grains.StateMachines.Ids;

namespace Grains.Silo.Routing;

/// <summary>
/// Ids for one router's commands to one partition: under its incarnation there, numbers such that those still in
/// use never span more than the window in which a partition remembers them. Any thread.
/// </summary>
/// <remarks>
/// One slow command holds the window back; the others then wait for it here, in order and a bounded number.
/// </remarks>
internal sealed class CommandNumbers(int window, int waitingMax, long incarnation, Random? random = null)
{
    private readonly Lock _lock = new();
    private readonly bool[] _inUse = new bool[window];
    private readonly Queue<TaskCompletionSource<CommandId>> _waiting = new();
    private long _incarnation = incarnation;
    private long _oldest = 1;
    private long _next = 1;

    /// <summary>The next id, now or when the window has moved on; null = too many wait already.</summary>
    public ValueTask<CommandId>? Take()
    {
        lock (_lock)
        {
            if (TryTake(out CommandId id))
            {
                return new ValueTask<CommandId>(id);
            }

            if (_waiting.Count >= waitingMax)
            {
                return null;
            }

            var turn = new TaskCompletionSource<CommandId>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(turn);
            return new ValueTask<CommandId>(turn.Task);
        }
    }

    /// <summary>The next id, if it can be had without waiting.</summary>
    public bool TryTake(out CommandId id)
    {
        lock (_lock)
        {
            bool canTake = _waiting.Count == 0 && _next - _oldest < window;
            id = canTake ? Use() : CommandId.None;
            return canTake;
        }
    }

    /// <summary>Nobody repeats this command any more.</summary>
    public void Release(CommandId id)
    {
        lock (_lock)
        {
            _inUse[id.Number % window] = false;
            while (_oldest < _next && !_inUse[_oldest % window])
            {
                _oldest++;
            }

            while (_waiting.Count > 0 && _next - _oldest < window)
            {
                _waiting.Dequeue().SetResult(Use());
            }
        }
    }

    /// <summary>
    /// The partition has forgotten routers as old as <paramref name="refused"/>: later ids are younger.
    /// </summary>
    /// <param name="newest">The youngest that it knows.</param>
    public void RenewIncarnation(long refused, long newest)
    {
        lock (_lock)
        {
            if (_incarnation == refused)
            {
                _incarnation = CommandId.IncarnationAfter(Math.Max(refused, newest), random ?? Random.Shared);
            }
        }
    }

    private CommandId Use()
    {
        _inUse[_next % window] = true;
        return new CommandId(_incarnation, _next++);
    }
}
