using Grains.Journal.Folders;

namespace Grains.Journal.Tests.Folders;

/// <summary>A small file of the folder is replaced under a server that looks after its files all the time.</summary>
public sealed class FolderReplaceTests : IDisposable
{
    private const string _name = "CLUSTER";
    private readonly string _path = Directory.CreateTempSubdirectory("grains-replace-").FullName;

    public void Dispose() => Directory.Delete(_path, recursive: true);

    [Fact]
    public async Task A_file_that_is_replaced_again_and_again_is_never_taken_for_lost()
    {
        using DataFolder folder = Open();
        folder.Replace(_name, "0"u8);
        using CancellationTokenSource over = new();
        Task looking = Task.Run(() =>
        {
            while (!over.IsCancellationRequested)
            {
                folder.EnsureWhole();
            }
        });
        for (int i = 1; i <= 300 && !looking.IsCompleted; i++)
        {
            folder.Replace(_name, [(byte)i]);
            Assert.Equal([(byte)i], await File.ReadAllBytesAsync(folder[_name]));
        }

        await over.CancelAsync();
        await looking;
        Assert.False(File.Exists(folder[_name] + ".new"));
    }

    [Fact]
    public void A_file_that_somebody_else_replaces_is_lost()
    {
        using DataFolder folder = Open();
        folder.Replace(_name, "mine"u8);
        folder.EnsureWhole();
        File.WriteAllText(folder["other"], "mine");
        File.Move(folder["other"], folder[_name], overwrite: true);
        Assert.Contains(
            $"{_name} was replaced", Assert.Throws<FolderLostException>(folder.EnsureWhole).Message);
    }

    [Fact]
    public void Sealed_text_is_opened_as_it_was_and_not_with_any_byte_changed_or_missing()
    {
        byte[] bytes = SealedText.Seal("title\n{}");
        Assert.Equal("title\n{}", SealedText.Open(bytes));
        for (int i = 0; i < bytes.Length; i++)
        {
            byte[] changed = [.. bytes];
            changed[i] ^= 1;
            Assert.Null(SealedText.Open(changed));
            Assert.Null(SealedText.Open(bytes.AsSpan(0, i)));
        }
    }

    private DataFolder Open()
    {
        DataFolder folder = DataFolder.Open(_path, new FolderFiles([_name]));
        folder.Recognize(_name, null);
        return folder;
    }
}
