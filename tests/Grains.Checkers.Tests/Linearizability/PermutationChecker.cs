using Grains.Checkers.Linearizability;

namespace Grains.Checkers.Tests.Linearizability;

/// <summary>Tries every order. Slow, short, and obviously right: what the fast search is compared with.</summary>
internal static class PermutationChecker
{
    public static bool IsLinearizable<TState, TCall, TResult>(
        ISequentialModel<TState, TCall, TResult> model, IReadOnlyList<Operation<TCall, TResult>> operations)
        where TState : notnull, IEquatable<TState> =>
        CanFinish(model, model.Initial, [.. operations]);

    private static bool CanFinish<TState, TCall, TResult>(
        ISequentialModel<TState, TCall, TResult> model, TState state, List<Operation<TCall, TResult>> left)
        where TState : notnull, IEquatable<TState>
    {
        if (left.All(o => !o.IsKnown))
        {
            return true;
        }

        foreach (Operation<TCall, TResult> first in left)
        {
            bool mayBeFirst = left.All(other => other == first || first.CallNs <= other.ReturnNs);
            if (mayBeFirst
                && model.TryStep(state, first, out TState next)
                && CanFinish(model, next, [.. left.Where(o => o != first)]))
            {
                return true;
            }
        }

        return false;
    }
}
