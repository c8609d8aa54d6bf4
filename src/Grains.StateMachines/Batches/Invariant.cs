using System.Diagnostics.CodeAnalysis;

namespace Grains.StateMachines.Batches;

/// <summary>Asserts what cannot happen, in production too: going on would store the damage.</summary>
internal static class Invariant
{
    public static void Holds([DoesNotReturnIf(false)] bool condition, string what)
    {
        if (!condition)
        {
            throw new InvalidOperationException(
                $"Broken invariant: {what}. This is a defect in Grains; the partition stops.");
        }
    }
}
