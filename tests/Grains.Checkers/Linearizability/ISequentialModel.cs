namespace Grains.Checkers.Linearizability;

/// <summary>What one object does when its operations come one after another. Pure.</summary>
public interface ISequentialModel<TState, TCall, TResult>
    where TState : notnull, IEquatable<TState>
{
    TState Initial { get; }

    /// <summary>
    /// Whether the operation may happen in this state with the result it had (any result, where that is unknown),
    /// and the state afterwards.
    /// </summary>
    bool TryStep(TState state, Operation<TCall, TResult> operation, out TState next);
}
