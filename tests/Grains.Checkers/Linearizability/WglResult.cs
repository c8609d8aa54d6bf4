namespace Grains.Checkers.Linearizability;

/// <summary>The verdict on one object's history.</summary>
/// <param name="Explanation">Empty if linearizable; else the longest order that was possible, and what was
/// left.</param>
public sealed record WglResult(Verdict Verdict, string Explanation)
{
    public static readonly WglResult Linearizable = new(Verdict.Linearizable, "");
}
