namespace Grains.Journal.Tests.Segments;

public sealed class SegmentJournalContract : JournalContract
{
    protected override IJournalStorage NewStorage() => new SegmentStorage();
}
