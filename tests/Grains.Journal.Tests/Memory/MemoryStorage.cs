using Grains.Journal.Images;
using Grains.Journal.Memory;

namespace Grains.Journal.Tests.Memory;

public sealed class MemoryStorage(MemoryDisk disk) : IJournalStorage
{
    public IJournal Open() => new MemoryJournal(disk);

    public IJournalStorage PowerCut() => new MemoryStorage(disk.Copy());

    public void Damage(byte[] bytes) => Assert.True(disk.Damage(bytes));

    public Task<ImageTotals> ImportAsync(IAsyncEnumerable<ImagePart> parts) =>
        MemoryImport.RunAsync(disk, parts, nowMs: 2_000, CancellationToken.None);

    public void Dispose()
    {
    }
}
