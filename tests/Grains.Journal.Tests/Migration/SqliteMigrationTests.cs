using Grains.Journal.Migration;
using Grains.Journal.Segments;
using Grains.Journal.Sqlite;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Tests.Migration;

public sealed class SqliteMigrationTests : IDisposable
{
    private static readonly PartitionId _p = new(7);
    private static readonly PartitionId _other = new(9);
    private readonly string _folder = Directory.CreateTempSubdirectory("grains-migration-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_folder_of_SQLite_becomes_a_log_with_the_same_history_and_its_owners_go_on()
    {
        (Owner owner, Owner other, string[] records) = await FillAsync();

        Assert.Equal(2, (await RunAsync())!.Value.Partitions);
        await using (SegmentJournal journal = Open())
        {
            SqliteMigration.Sweep(journal.Folder);
            Assert.Equal("r3: st|ate", await journal.CheckpointTextAsync(_p));
            Assert.Equal(records, await journal.BytesAsync(_p, from: 4));
            Assert.True(await owner.On(journal).ConfirmAsync());
            await owner.On(journal).AppendAsync("goes on");
            await other.On(journal).AppendAsync("goes on");
            Assert.Equal(new Epoch(3), (await Owner.AcquireAsync(journal, _p, "next")).Epoch);
        }

        Assert.Empty(Directory.GetFiles(_folder, "journal.db*"));
        Assert.Null(await RunAsync());
        await using SegmentJournal again = Open();
        Assert.Equal(
            ["e2 c", "e2 goes", "e3 next"],
            (await again.LinesAsync(_p, from: 6)).Select(l => l[(l.IndexOf(' ') + 1)..].Replace(" on", "")));
    }

    [Fact]
    public async Task A_migration_that_was_interrupted_after_the_log_was_in_place_is_over()
    {
        (Owner owner, _, string[] records) = await FillAsync();
        await RunAsync();

        // The process ended before the file of SQLite was removed.
        Assert.Null(await RunAsync());
        await using SegmentJournal journal = Open();
        Assert.Equal(records, await journal.BytesAsync(_p, from: 4));
        await owner.On(journal).AppendAsync("goes on");
    }

    [Fact]
    public async Task A_migration_that_was_interrupted_before_is_begun_anew()
    {
        (_, _, string[] records) = await FillAsync();
        Directory.CreateDirectory(Path.Combine(_folder, "journal.new"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "journal.new", "segment-000000000001.log"), "half");

        await RunAsync();
        await using SegmentJournal journal = Open();
        Assert.Equal(records, await journal.BytesAsync(_p, from: 4));
        Assert.False(Directory.Exists(Path.Combine(_folder, "journal.new")));
    }

    [Fact]
    public async Task A_damaged_file_of_SQLite_is_not_migrated_and_stays()
    {
        await FillAsync();
        string path = Path.Combine(_folder, "journal.db");
        byte[] file = await File.ReadAllBytesAsync(path);
        file[file.AsSpan().LastIndexOf("to be damaged"u8)] ^= 1;
        await File.WriteAllBytesAsync(path, file);

        await Assert.ThrowsAsync<JournalDamagedException>(RunAsync);
        Assert.True(File.Exists(path));
        Assert.False(Directory.Exists(Path.Combine(_folder, "journal")));
    }

    [Fact]
    public async Task A_folder_that_holds_nothing_of_SQLite_needs_no_migration()
    {
        Assert.Null(await RunAsync());
        await Open().DisposeAsync();
        Assert.Null(await RunAsync());
    }

    private async Task<(Owner Owner, Owner Other, string[] Records)> FillAsync()
    {
        await using IJournal journal = SqliteJournal.Open(new SqliteJournalOptions { Folder = _folder });
        Owner first = await Owner.AcquireAsync(journal, _p);
        await first.AppendAsync("a", count: 2);
        Assert.True(await first.CheckpointAsync(null, "st", "ate"));
        Assert.True(await first.TruncateAsync(new Revision(3)));
        await first.AppendAsync("b");
        Owner other = await Owner.AcquireAsync(journal, _other, "other");
        await other.AppendAsync("to be damaged", count: 5);
        Owner second = await Owner.AcquireAsync(journal, _p, "second");
        await second.AppendAsync("c");
        return (second, other, await journal.BytesAsync(_p, from: 4));
    }

    private Task<Images.ImageTotals?> RunAsync() =>
        SqliteMigration.RunAsync(new SegmentJournalOptions { Folder = _folder }, CancellationToken.None);

    private SegmentJournal Open() => SegmentJournal.Open(new SegmentJournalOptions { Folder = _folder });
}
