namespace Grains.Checkers.Linearizability;

/// <summary>What a check found. Unknown counts as a failure: the search gave up, nothing is proven.</summary>
public enum Verdict
{
    Linearizable = 1,
    Illegal = 2,
    Unknown = 3,
}
