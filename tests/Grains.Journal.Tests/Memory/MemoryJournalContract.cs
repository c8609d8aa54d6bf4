using Grains.Journal.Memory;

namespace Grains.Journal.Tests.Memory;

public sealed class MemoryJournalContract : JournalContract
{
    protected override IJournalStorage NewStorage() => new MemoryStorage(new MemoryDisk());
}
