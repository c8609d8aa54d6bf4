using Grains.Journal.Folders;

namespace Grains.Journal.Segments;

/// <summary>
/// The segments in a folder, as a start finds them: none may be missing, exchanged or of another folder.
/// </summary>
internal sealed class SegmentFiles : IDisposable
{
    private readonly DataFolder _folder;
    private readonly string _path;
    private readonly SortedDictionary<long, SegmentFile> _open = [];
    private readonly SortedSet<long> _numbers;

    private SegmentFiles(DataFolder folder, string path, SortedSet<long> numbers)
    {
        (_folder, _path, _numbers) = (folder, path, numbers);
        long named = folder.Identity?.Log ?? 0;
        if (numbers.Max < named)
        {
            throw folder.Refusal(
                NameOf(named), $"is missing: the log goes on in it, and ends in segment {numbers.Max} without it.");
        }

        Newest = Open(numbers.Max);
    }

    public SegmentFile Newest { get; }

    /// <returns>Null: there is none, and none was ever needed.</returns>
    public static SegmentFiles? Find(DataFolder folder)
    {
        string path = folder[SegmentNames.Folder];
        SortedSet<long> numbers = [];
        foreach (string file in Directory.EnumerateFileSystemEntries(path).ToList())
        {
            string name = Path.GetFileName(file);
            if (name.EndsWith(SegmentNames.Draft, StringComparison.Ordinal))
            {
                // It never was whole, and nothing names it.
                File.Delete(file);
            }
            else if (SegmentNames.NumberOf(name) is { } number)
            {
                numbers.Add(number);
            }
        }

        if (numbers.Count == 0)
        {
            return folder.Identity is { HoldsData: false }
                ? null
                : throw folder.Refusal(
                    NameOf(Math.Max(1, folder.Identity?.Log ?? 1)),
                    "is missing: the journal's folder holds no segment of a log, and it held records.");
        }

        return new SegmentFiles(folder, path, numbers);
    }

    public string NameOf(SegmentFile file) => NameOf(file.Header.Number);

    /// <summary>From a segment on to the newest, oldest first; what others stand for is deleted.</summary>
    public List<SegmentFile> Since(long oldest)
    {
        List<SegmentFile> found = [Newest];
        for (long next = Newest.Header.First - 1; next >= oldest; next = found[0].Header.First - 1)
        {
            found.Insert(0, _numbers.Contains(next)
                ? Open(next)
                : throw _folder.Refusal(
                    NameOf(next), $"is missing: segments {oldest} to {Newest.Header.Number} are needed."));
        }

        foreach (long number in _numbers.Except(found.Select(f => f.Header.Number)))
        {
            File.Delete(Path.Combine(_path, SegmentNames.Segment(number)));
        }

        return found;
    }

    public void Dispose()
    {
        foreach (SegmentFile file in _open.Values)
        {
            file.Dispose();
        }
    }

    private static string NameOf(long number) => Path.Combine(SegmentNames.Folder, SegmentNames.Segment(number));

    private SegmentFile Open(long number)
    {
        string path = Path.Combine(_path, SegmentNames.Segment(number));
        FolderAccess.Check(path, FileTrait.Of(path)!.Value, FileKind.File);
        SegmentFile file = SegmentFile.Open(path, null);
        _open.Add(number, file);
        byte[] bytes = new byte[SegmentHeader.Bytes];
        int read = file.Read(bytes, 0);
        if (SegmentHeader.TryDecode(number, bytes.AsSpan(0, read), out SegmentHeader? header) is { } what)
        {
            throw _folder.Refusal(NameOf(number), $"is damaged, or another segment: of its first bytes, {what}.");
        }

        _folder.Recognize(NameOf(number), header!.Folder);
        file.Begin(header);
        return file;
    }
}
