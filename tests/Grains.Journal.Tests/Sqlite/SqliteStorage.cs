using Grains.Journal.Folders;
using Grains.Journal.Images;
using Grains.Journal.Sqlite;

namespace Grains.Journal.Tests.Sqlite;

/// <summary>A folder of its own, deleted at the end.</summary>
public sealed class SqliteStorage : IJournalStorage
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("grains-journal-").FullName;

    public string Database => Path.Combine(Folder, "journal.db");

    public IJournal Open() => Open(new SqliteJournalOptions { Folder = Folder });

    public SqliteJournal Open(SqliteJournalOptions options) => SqliteJournal.Open(options with { Folder = Folder });

    public IJournalStorage PowerCut()
    {
        // What SQLite has handed to the system is durable when no call is under way; the rest is in its memory.
        SqliteStorage copy = new();
        foreach (string file in new[] { "journal.db", "journal.db-wal", "IDENTITY" })
        {
            string path = Path.Combine(Folder, file);
            if (File.Exists(path))
            {
                using FileStream from = new(FolderSync.OpenToRead(path), FileAccess.Read);
                using FileStream to = File.Create(Path.Combine(copy.Folder, file));
                from.CopyTo(to);
            }
        }

        return copy;
    }

    public void Damage(byte[] bytes)
    {
        byte[] file = File.ReadAllBytes(Database);
        int at = file.AsSpan().LastIndexOf(bytes);
        Assert.True(at >= 0, "The bytes to damage are not in journal.db.");
        file[at] ^= 1;
        File.WriteAllBytes(Database, file);
    }

    public Task<ImageTotals> ImportAsync(IAsyncEnumerable<ImagePart> parts) =>
        SqliteImport.RunAsync(
            new SqliteJournalOptions { Folder = Folder }, parts, nowMs: 2_000, CancellationToken.None);

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
