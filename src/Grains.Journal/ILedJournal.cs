namespace Grains.Journal;

/// <summary>A journal in this process, whose flushes an owner's own thread can lead.</summary>
public interface ILedJournal : IJournal
{
    /// <summary>
    /// One flush of these appends, at most one of each partition, as <see cref="IJournal.AppendAsync"/> of all of them
    /// at once. Blocks until their outcomes are set; nobody's continuation runs meanwhile. Two flushes wait for each
    /// other.
    /// </summary>
    void Flush(IReadOnlyList<LedAppend> appends);
}

/// <summary>An append, and what it came to once its flush is over.</summary>
public sealed class LedAppend(JournalAppend append)
{
    public JournalAppend Append => append;

    public AppendOutcome Outcome { get; set; } = new(AppendStatus.Unknown, "It is not flushed yet.");
}
