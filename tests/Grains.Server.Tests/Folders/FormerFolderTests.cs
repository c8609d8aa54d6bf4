using Grains.Server.Tests.Backups;

namespace Grains.Server.Tests.Folders;

/// <summary>A folder of a build from before the first release is refused in words, and stays what it was.</summary>
public sealed class FormerFolderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("journal.db")]
    [InlineData("cluster.db")]
    public async Task A_folder_with_a_file_of_SQLite_is_refused_and_left_as_it_was(string name)
    {
        Directory.CreateDirectory(_folder["a"]);
        string path = Path.Combine(_folder["a"], name);
        await File.WriteAllTextAsync(path, "SQLite format 3");
        foreach (string[] arguments in (string[][])
        [
            ["--data", _folder["a"], "--urls", $"http://127.0.0.1:{FreePort.Find()}"],
            ["migrate", "--from", _folder["a"], "--postgres", "Host=127.0.0.1;Port=1"],
        ])
        {
            (int exit, string said) = await ServerProgram.RunAsync(null, arguments);
            Assert.Equal(1, exit);
            Assert.Contains($"{path} was written by a build from before the first release", said);
            Assert.Contains("restore FILE --data FOLDER", said);
        }

        Assert.Equal([path], Directory.EnumerateFileSystemEntries(_folder["a"]));
        Assert.Equal("SQLite format 3", await File.ReadAllTextAsync(path));
    }
}
