using Grains.Journal;
using Grains.Journal.Images;
using Grains.Journal.Memory;
using Grains.Server.Backups;
using Grains.Silo.Cluster;

namespace Grains.Server.Tests.Backups;

/// <summary>What interrupts a restore, and what a repeat makes of it.</summary>
public sealed class RestorationTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly StringWriter _said = new();

    [Theory]
    [InlineData(Interruption.BeforeTheImport)]
    [InlineData(Interruption.BeforeTheComparison)]
    public async Task An_interrupted_restore_leaves_data_that_no_server_takes_and_is_ended_by_a_repeat(
        Interruption interruption)
    {
        Source source = await SourceAsync("the backup");
        await Assert.ThrowsAsync<IOException>(() => RestoreAsync(source, interruption));
        ClusterSettings left = (await SettingsAsync())!;
        Assert.Contains(
            "repeat it", Assert.Throws<ClusterSettingsException>(() => left.CheckFor(null)).Message,
            StringComparison.Ordinal);

        await RestoreAsync(source, Interruption.None);
        Assert.Equal(
            interruption == Interruption.BeforeTheComparison,
            _said.ToString().Contains("earlier try", StringComparison.Ordinal));
        ClusterSettings stored = (await SettingsAsync())!;
        stored.CheckFor(null);
        Assert.Equal(source.Settings.Slots, stored.Slots);
        StartException again = await Assert.ThrowsAsync<StartException>(() => RestoreAsync(source, Interruption.None));
        Assert.Contains("already", again.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_one_restore_left_is_not_taken_over_by_the_restore_of_another_backup()
    {
        await Assert.ThrowsAsync<IOException>(
            async () => await RestoreAsync(await SourceAsync("one"), Interruption.BeforeTheComparison));
        StartException refused = await Assert.ThrowsAsync<StartException>(
            async () => await RestoreAsync(await SourceAsync("another"), Interruption.None));
        Assert.Contains("holds what one held", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Data_that_differs_from_the_backup_is_refused_and_stays_marked()
    {
        Source source = await SourceAsync("the backup");
        await Assert.ThrowsAsync<IOException>(() => RestoreAsync(source, Interruption.BeforeTheComparison));
        Source other = source with { ForkedAtMs = source.ForkedAtMs + 1 };
        StartException refused = await Assert.ThrowsAsync<StartException>(() => RestoreAsync(other, Interruption.None));
        Assert.Contains("does not hold what", refused.Message, StringComparison.Ordinal);
        Assert.NotNull((await SettingsAsync())!.Restoring);
    }

    public void Dispose()
    {
        _said.Dispose();
        _folder.Dispose();
    }

    private static async Task<Source> SourceAsync(string name)
    {
        MemoryJournal journal = new();
        await journal.AcquireAsync(new(0), "a", 1, 1_000, CancellationToken.None);
        await journal.AcquireAsync(new(1), "a", 1, 1_000, CancellationToken.None);
        return new Source(name, ClusterSettings.New(2, DateTimeOffset.UnixEpoch), 2_000, journal.ExportAsync);
    }

    private async Task RestoreAsync(Source source, Interruption interruption)
    {
        FolderPlace folder = await FolderPlace.OpenAsync(_folder["data"]);
        await new Restoration(new FailingPlace(folder, interruption), _said).RunAsync(source, CancellationToken.None);
    }

    private async Task<ClusterSettings?> SettingsAsync()
    {
        FolderPlace folder = await FolderPlace.OpenAsync(_folder["data"]);
        await using SettingsAccess settings = await SettingsAccess.OpenAsync(folder, CancellationToken.None);
        return await settings.ReadAsync();
    }

    public enum Interruption
    {
        None,
        BeforeTheImport,
        BeforeTheComparison,
    }

    private sealed class FailingPlace(IDataPlace place, Interruption interruption) : IDataPlace
    {
        private bool _isIn;

        public string Name => place.Name;

        public Task<IJournal> OpenJournalAsync(CancellationToken cancel) =>
            _isIn && interruption == Interruption.BeforeTheComparison
                ? throw new IOException("cut")
                : place.OpenJournalAsync(cancel);

        public async Task<ImageTotals> ImportAsync(
            IAsyncEnumerable<ImagePart> parts, long nowMs, CancellationToken cancel)
        {
            if (interruption == Interruption.BeforeTheImport)
            {
                throw new IOException("cut");
            }

            ImageTotals totals = await place.ImportAsync(parts, nowMs, cancel);
            _isIn = true;
            return totals;
        }

        public Task BindAsync(ClusterSettings settings, CancellationToken cancel) => place.BindAsync(settings, cancel);

        public void AddSettings(ISiloBuilder silo) => place.AddSettings(silo);

        public ValueTask DisposeAsync() => place.DisposeAsync();
    }
}
