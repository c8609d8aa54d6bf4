using Grains.Journal.Folders;
using Grains.Journal.Segments;

namespace Grains.Journal.Tests.Folders;

/// <summary>Settings that a folder knows better are refused, whichever of them it is.</summary>
public sealed class FolderSettingsTests : IDisposable
{
    private static readonly FolderSettings _settings = new("mine", 4, 7);
    private readonly string _path = Directory.CreateTempSubdirectory("grains-settings-").FullName;

    public void Dispose() => Directory.Delete(_path, recursive: true);

    [Theory]
    [InlineData("mine", 4, 7, null)]
    [InlineData("mine", 4, 8, null)]
    [InlineData("mine", 4, 6, "is an older copy: it holds version 6 of the settings, and 7 was in force")]
    [InlineData("mine", 4, 0, "is an older copy: it holds version 0 of the settings, and 7 was in force")]
    [InlineData("other", 4, 7, "holds the settings of cluster other")]
    [InlineData("mine", 5, 7, "with 5 partitions")]
    public void Settings_that_are_not_those_that_were_in_force_are_refused(
        string cluster, int partitions, long version, string? why)
    {
        SegmentJournalOptions options = new() { Folder = _path };
        using var folder = DataFolder.Open(_path, options.Files);
        folder.Recognize("journal", null);
        folder.Bind("CLUSTER", _settings);

        FolderSettings found = new(cluster, partitions, version);
        foreach (
            Action look in (Action[])[() => folder.Check("CLUSTER", found), () => folder.Bind("CLUSTER", found)])
        {
            if (why is null)
            {
                look();
                continue;
            }

            Assert.Contains(why, Assert.Throws<JournalUnavailableException>(look).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void No_settings_are_not_enough_for_a_folder_that_had_some()
    {
        SegmentJournalOptions options = new() { Folder = _path };
        using var folder = DataFolder.Open(_path, options.Files);
        folder.Recognize("journal", null);
        folder.Check("CLUSTER", null);
        folder.Bind("CLUSTER", _settings);
        Assert.Contains(
            "holds no settings",
            Assert.Throws<JournalUnavailableException>(() => folder.Check("CLUSTER", null)).Message,
            StringComparison.Ordinal);
    }
}
