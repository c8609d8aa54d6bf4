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
        FileTrait trait = FileTrait.Of(path) ?? throw new FolderLostException(Sentence(path, "is not there"));
        Set(new Watched(path, FileTrait.Encode(path), trait, null));
    }

    /// <summary>
    /// The file is about to be replaced by <paramref name="draft"/>: either is right, until it is added anew.
    /// </summary>
    public void Expect(string path, string draft)
    {
        if (_files.FirstOrDefault(f => f.Path == path) is { Path: not null } watched)
        {
            Set(watched with { Next = FileTrait.Of(draft) });
        }
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
        ImmutableArray<Watched> files = _files;
        string? lost = Lost(files);

        // What was replaced between the two looks is judged again.
        return lost is null || files == _files ? lost : Lost();
    }

    private void Set(Watched watched) => ImmutableInterlocked.Update(
        ref _files, static (files, added) => [.. files.Where(f => f.Path != added.Path), added], watched);

    private string? Lost(ImmutableArray<Watched> files)
    {
        foreach (Watched file in files)
        {
            if (FileTrait.Of(file.Name) is not { } now)
            {
                return Sentence(
                    file.Path,
                    Directory.Exists(folder) ? "was removed" : "was removed with its folder, or its disk is gone");
            }

            if (!now.IsSameFile(file.Trait) && file.Next?.IsSameFile(now) != true)
            {
                return Sentence(file.Path, "was replaced by another file");
            }
        }

        return null;
    }

    private static string Sentence(string path, string what) =>
        $"{path} {what} while this server ran: what it would answer from now on would be lost.";

    private readonly record struct Watched(string Path, byte[] Name, FileTrait Trait, FileTrait? Next);
}
