namespace Grains.Journal.Log;

/// <summary>A staged takeover: the epoch record to write, and the view that the acquirer had.</summary>
internal sealed record EpochGrant(FlushEntry Entry, long MembershipVersion)
{
    public AcquireOutcome Outcome => new AcquireOutcome.Acquired(
        Entry.Epoch, new JournalTail(Entry.First, Entry.ChainAfter));
}
