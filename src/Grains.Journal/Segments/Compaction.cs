using System.Buffers;
using Grains.Journal.Folders;

namespace Grains.Journal.Segments;

/// <summary>
/// Puts segments together: the rows that somebody needs are copied as they are into one file, which takes the place of
/// the last of them. So a partition that is written seldom holds back its own rows, and no segment.
/// </summary>
/// <param name="Group">Next to each other; none of them is written any more.</param>
/// <param name="Rows">What of them was needed when it began.</param>
internal sealed record Compaction(List<SegmentFile> Group, List<(SegmentFile File, long Row, RowPlace Place)> Rows)
{
    private const int _bytesPerSync = 1 << 20;

    /// <returns>The file, durable under its name; null if there is no room for it, or a row cannot be read.</returns>
    public SegmentFile? Run()
    {
        (SegmentHeader first, SegmentHeader last) = (Group[0].Header, Group[^1].Header);
        SegmentHeader header = new(
            last.Folder, SegmentHeader.DrawSalt(), first.First, last.Number, first.FirstRow, Rows.Count);
        string draft = Group[^1].Path + SegmentNames.Draft;
        SegmentFile? made = null;
        try
        {
            made = SegmentFile.Create(draft, SegmentHeader.Bytes + Rows.Sum(r => r.Place.Span));
            made.Begin(header);
            made.Write(header.Encode(), 0);
            if (Copy(made))
            {
                made.Sync();
                made.Rename(Group[^1].Name);
                FolderSync.Flush(Path.GetDirectoryName(draft)!);
                return made;
            }
        }
        catch (IOException e) when (FolderAccess.IsDiskFull(e))
        {
            // The segments stay as they are; the next that begins looks again.
        }

        made?.Dispose();
        File.Delete(draft);
        return null;
    }

    private bool Copy(SegmentFile into)
    {
        long at = SegmentHeader.Bytes;
        long synced = at;
        foreach ((SegmentFile file, long row, RowPlace place) in Rows)
        {
            byte[] bytes = ArrayPool<byte>.Shared.Rent((int)place.Span);
            Span<byte> all = bytes.AsSpan(0, (int)place.Span);
            int read = file.Read(all, place.Offset);
            RowHead? found = RowHead.Read(all[..read], file.Header.Salt, file.Header.Number);
            if (found is not { } head || head.Row != row || head.Span != read)
            {
                // Whoever reads the row names it; nothing of its segment is thrown away.
                file.IsDamaged = true;
                return false;
            }

            (head with { Salt = into.Header.Salt, Segment = into.Header.Number }).Write(all);
            into.Write(all, at);
            into.Rows[row] = new RowPlace(at, place.Span);
            ArrayPool<byte>.Shared.Return(bytes);
            at += place.Span;
            if (at - synced > _bytesPerSync)
            {
                into.Sync();
                synced = at;
            }
        }

        return true;
    }
}
