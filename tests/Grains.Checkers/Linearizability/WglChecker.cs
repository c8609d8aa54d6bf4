namespace Grains.Checkers.Linearizability;

/// <summary>
/// Is there an order of the operations of one object, each at a moment between its call and its return, in which the
/// model gives the results seen? The search of Wing and Gong (1993) with Lowe's cache of configurations (2016).
/// Operations with an unknown end may stay out of the order: then they never happened.
/// </summary>
public static class WglChecker
{
    public static WglResult Check<TState, TCall, TResult>(
        ISequentialModel<TState, TCall, TResult> model,
        IReadOnlyList<Operation<TCall, TResult>> operations,
        WglLimits? limits = null)
        where TState : notnull, IEquatable<TState> =>
        new WglSearch<TState, TCall, TResult>(model, operations, limits ?? WglLimits.Default).Run();

    /// <summary>
    /// Checks every key for itself, which is sound because linearizability is local. Returns the keys that did not
    /// pass.
    /// </summary>
    public static IReadOnlyDictionary<string, WglResult> CheckKeys<TState, TCall, TResult>(
        ISequentialModel<TState, TCall, TResult> model,
        IEnumerable<Operation<TCall, TResult>> operations,
        WglLimits? limits = null)
        where TState : notnull, IEquatable<TState> =>
        operations.GroupBy(o => o.Key, StringComparer.Ordinal)
            .AsParallel()
            .Select(key => (key.Key, Result: Check(model, [.. key], limits)))
            .Where(key => key.Result.Verdict != Verdict.Linearizable)
            .ToDictionary(key => key.Key, key => key.Result, StringComparer.Ordinal);
}
