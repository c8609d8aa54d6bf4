using Grains.Journal.Images;

namespace Grains.Journal.Tests;

/// <summary>What outlives a journal: a folder, a disk in memory.</summary>
public interface IJournalStorage : IDisposable
{
    IJournal Open();

    /// <summary>What a power cut at this moment leaves.</summary>
    IJournalStorage PowerCut();

    /// <summary>Flips one bit where these bytes are stored; no journal is open.</summary>
    void Damage(byte[] bytes);

    /// <summary>Puts an image in; no journal is open.</summary>
    Task<ImageTotals> ImportAsync(IAsyncEnumerable<ImagePart> parts);
}
