using System.Collections.Immutable;

namespace Grains.Journal.Folders;

/// <summary>
/// Looks whether names still lead to the files that this process has open. By name, not by descriptor: a rename of the
/// folder, a mount that vanished and one that came over it show too; about a microsecond each.
/// </summary>
internal sealed class FolderWatch(string folder)
{
    private ImmutableArray<Watched> _files = [];

    public void Add(string path)
    {
        byte[] name = FileTrait.Encode(path);
        FileTrait trait = FileTrait.Of(name) ?? throw new FolderLostException(Sentence(path, "is not there"));
        ImmutableInterlocked.Update(
            ref _files, (files, watched) => [.. files.Where(f => f.Path != watched.Path), watched],
            new Watched(path, name, trait));
    }

    public void Remove(string path) =>
        ImmutableInterlocked.Update(ref _files, static (files, gone) => [.. files.Where(f => f.Path != gone)], path);

    /// <exception cref="FolderLostException">One of them is another now, or none.</exception>
    public void Check()
    {
        if (Lost() is { } what)
        {
            throw new FolderLostException(what);
        }
    }

    public string? Lost()
    {
        foreach (Watched file in _files)
        {
            if (FileTrait.Of(file.Name) is not { } now)
            {
                return Sentence(
                    file.Path,
                    Directory.Exists(folder) ? "was removed" : "was removed with its folder, or its disk is gone");
            }

            if (!now.IsSameFile(file.Trait))
            {
                return Sentence(file.Path, "was replaced by another file");
            }
        }

        return null;
    }

    private static string Sentence(string path, string what) =>
        $"{path} {what} while this server ran: what it would answer from now on would be lost.";

    private readonly record struct Watched(string Path, byte[] Name, FileTrait Trait);
}
