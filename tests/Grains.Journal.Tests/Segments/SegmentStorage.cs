using Grains.Journal.Folders;
using Grains.Journal.Images;
using Grains.Journal.Segments;

namespace Grains.Journal.Tests.Segments;

/// <summary>A folder of its own, deleted at the end.</summary>
/// <param name="inMemory">Of a file system in memory, where there is one: for hundreds of copies of whole segments.</param>
public sealed class SegmentStorage(bool inMemory = false) : IJournalStorage
{
    private const string _memory = "/dev/shm";

    public string Folder { get; } = inMemory && Directory.Exists(_memory)
        ? Directory.CreateDirectory(Path.Combine(_memory, $"grains-journal-{Guid.NewGuid():N}")).FullName
        : Directory.CreateTempSubdirectory("grains-journal-").FullName;

    /// <summary>The segments, oldest first.</summary>
    public string[] Segments => Names("segment-*.log");

    public string[] Checkpoints => Names("checkpoint-*");

    public string this[string name] => Path.Combine(Folder, "journal", name);

    public IJournal Open() => Open(new SegmentJournalOptions { Folder = Folder });

    public SegmentJournal Open(SegmentJournalOptions options) => SegmentJournal.Open(options with { Folder = Folder });

    public IJournalStorage PowerCut() => Copy();

    /// <summary>What was handed to the system is durable when no call is under way.</summary>
    public SegmentStorage Copy()
    {
        SegmentStorage copy = new(inMemory);
        Directory.CreateDirectory(copy["."]);
        foreach (string path in Directory.GetFiles(Path.Combine(Folder, "journal")).Append(
            Path.Combine(Folder, "IDENTITY")))
        {
            try
            {
                using FileStream from = new(FolderSync.OpenToRead(path), FileAccess.Read);
                using FileStream to = File.Create(Path.Combine(copy.Folder, Path.GetRelativePath(Folder, path)));
                from.CopyTo(to);
            }
            catch (IOException) when (!File.Exists(path))
            {
                // A spare or an old checkpoint, which the journal's keeper has just renamed or deleted.
            }
        }

        return copy;
    }

    public void Damage(byte[] bytes)
    {
        foreach (string path in Segments.Reverse())
        {
            byte[] file = File.ReadAllBytes(path);
            if (file.AsSpan().LastIndexOf(bytes) is >= 0 and var at)
            {
                Flip(path, at, 1);
                return;
            }
        }

        Assert.Fail("The bytes to damage are in no segment.");
    }

    public static void Flip(string path, long at, byte bits)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite);
        file.Position = at;
        int was = file.ReadByte();
        file.Position = at;
        file.WriteByte((byte)(was ^ bits));
    }

    public Task<ImageTotals> ImportAsync(IAsyncEnumerable<ImagePart> parts) =>
        SegmentImport.RunAsync(
            new SegmentJournalOptions { Folder = Folder }, parts, nowMs: 2_000, CancellationToken.None);

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private string[] Names(string pattern) =>
        [.. Directory.GetFiles(Path.Combine(Folder, "journal"), pattern).Order(StringComparer.Ordinal)];
}
