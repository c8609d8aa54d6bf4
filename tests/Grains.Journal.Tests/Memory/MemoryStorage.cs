using Grains.Journal.Memory;

namespace Grains.Journal.Tests.Memory;

public sealed class MemoryStorage(MemoryDisk disk) : IJournalStorage
{
    public IJournal Open() => new MemoryJournal(disk);

    public IJournalStorage PowerCut() => new MemoryStorage(disk.Copy());

    public void Damage(byte[] bytes) => Assert.True(disk.Damage(bytes));

    public void Dispose()
    {
    }
}
