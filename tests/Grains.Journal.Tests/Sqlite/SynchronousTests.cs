using Grains.Journal.Folders;
using Grains.Journal.Sqlite;

namespace Grains.Journal.Tests.Sqlite;

/// <summary>The line that makes a write durable is one because of this setting.</summary>
public sealed class SynchronousTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("grains-synchronous-").FullName;

    [Theory]
    [InlineData(true, 2)]
    [InlineData(false, 0)]
    public void What_SQLite_was_told_about_syncing_is_read_back(bool full, long mode)
    {
        SqliteJournalOptions options = new() { Folder = _folder, Synchronous = full };
        using var folder = DataFolder.Open(_folder, options.Files);
        using var database = new SqliteDatabase(folder["journal.db"]);
        JournalSchema.Prepare(database, folder, options);
        Assert.Equal(mode, database.Scalar("PRAGMA synchronous"));
    }

    [Fact]
    public void A_connection_that_does_not_sync_as_told_is_refused()
    {
        using var database = new SqliteDatabase(Path.Combine(_folder, "journal.db"));

        // Inside a transaction SQLite changes nothing, and says so.
        database.Execute("PRAGMA synchronous = NORMAL; BEGIN");
        Assert.ThrowsAny<Exception>(() => database.SetSynchronous(full: true));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
