using System.Diagnostics;
using System.Runtime.Versioning;
using Grains.Journal.Folders;
using Grains.Journal.Segments;
using Grains.Journal.Tests.Segments;

namespace Grains.Journal.Tests.Folders;

[UnsupportedOSPlatform("windows")]
public sealed class FolderAccessTests : IDisposable
{
    private readonly SegmentStorage _storage = new();

    public void Dispose() => _storage.Dispose();

    [SkippableTheory]
    [InlineData(0x1ff)] // 0777
    [InlineData(0x1f8)] // 0770
    [InlineData(0x1e8)] // 0750
    [InlineData(0x1c1)] // 0701
    public async Task An_open_folder_and_its_files_are_closed_when_it_is_opened(int mode)
    {
        Skip.If(OperatingSystem.IsWindows(), "No modes there.");
        await using (IJournal first = _storage.Open())
        {
        }

        foreach (string path in Directory.EnumerateFiles(_storage.Folder).Append(_storage.Folder))
        {
            File.SetUnixFileMode(path, (UnixFileMode)mode);
        }

        await using IJournal journal = _storage.Open();

        Assert.Equal(FolderAccess.FolderMode, File.GetUnixFileMode(_storage.Folder));
        Assert.All(
            Directory.EnumerateFiles(_storage.Folder),
            f => Assert.Equal(FolderAccess.FileMode, File.GetUnixFileMode(f)));
    }

    [SkippableTheory]
    [InlineData("IDENTITY")]
    [InlineData("LOCK")]
    public void A_link_in_place_of_a_file_is_refused_and_not_followed(string name)
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need a right there.");
        string target = Path.Combine(_storage.Folder, "elsewhere");
        File.CreateSymbolicLink(Path.Combine(_storage.Folder, name), target);

        string why = Assert.Throws<JournalUnavailableException>(() => _storage.Open()).Message;

        Assert.Contains($"{name} is a symbolic link", why, StringComparison.Ordinal);
        Assert.False(File.Exists(target));
    }

    [SkippableFact]
    public void A_link_in_place_of_the_folder_is_refused()
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need a right there.");
        string link = Path.Combine(_storage.Folder, "link");
        Directory.CreateDirectory(Path.Combine(_storage.Folder, "real"));
        Directory.CreateSymbolicLink(link, Path.Combine(_storage.Folder, "real"));

        string why = Assert.Throws<JournalUnavailableException>(
            () => SegmentJournal.Open(new SegmentJournalOptions { Folder = link })).Message;

        Assert.Contains($"{link} is a symbolic link", why, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData(".")]
    [InlineData("IDENTITY")]
    [InlineData("journal/segment-000000000001.log")]
    public async Task A_folder_or_file_of_another_user_is_refused(string name)
    {
        Skip.IfNot(OperatingSystem.IsLinux() && FileTrait.Self == 0, "Only root gives files away.");
        await using (IJournal first = _storage.Open())
        {
        }

        string path = Path.GetFullPath(Path.Combine(_storage.Folder, name));
        using (Process chown = Process.Start("chown", ["65534", path]))
        {
            await chown.WaitForExitAsync();
        }

        string why = Assert.Throws<JournalUnavailableException>(() => _storage.Open()).Message;

        Assert.Contains($"{path} belongs to user 65534", why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("file/data", "is a file")]
    [InlineData("file", "is a file")]
    public void A_folder_that_cannot_be_is_refused_with_the_real_reason(string name, string reason)
    {
        File.WriteAllText(Path.Combine(_storage.Folder, "file"), "");

        string why = Assert.Throws<JournalUnavailableException>(() => SegmentJournal.Open(
            new SegmentJournalOptions { Folder = Path.Combine(_storage.Folder, name) })).Message;

        Assert.Contains(reason, why, StringComparison.Ordinal);
        Assert.DoesNotContain("in use", why, StringComparison.Ordinal);
    }
}
