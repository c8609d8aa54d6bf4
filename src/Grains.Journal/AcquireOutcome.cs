using Grains.StateMachines.Ids;

namespace Grains.Journal;

/// <summary>What <see cref="IJournal.AcquireAsync"/> came to.</summary>
public abstract record AcquireOutcome
{
    private AcquireOutcome()
    {
    }

    /// <summary>
    /// The caller owns the partition under <paramref name="Epoch"/>; <paramref name="Tail"/> is its epoch record.
    /// </summary>
    public sealed record Acquired(Epoch Epoch, JournalTail Tail) : AcquireOutcome;

    /// <summary>The partition cannot be opened here; it can at <paramref name="Candidates"/>.</summary>
    public sealed record NotHere(IReadOnlyList<string> Candidates) : AcquireOutcome;

    /// <summary>The caller's membership view is older than that of the present owner.</summary>
    public sealed record OutdatedView(long NewestVersion) : AcquireOutcome;
}
