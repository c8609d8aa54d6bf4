using Grains.Journal.Folders;

namespace Grains.Journal.Segments;

/// <summary>
/// Keeps one segment ready, so that a log that begins anew waits for nothing: of zeros, or one that nobody needs. Never
/// one that has to grow: a file that grows costs a flush of the file system's own log with each of ours.
/// </summary>
internal sealed class SegmentStock(string folder, long bytesMax)
{
    public const long BytesMin = 1 << 20;
    private const long _lookMs = 250;

    private readonly Lock _gate = new();
    private SegmentFile? _spare;
    private long _bytes;
    private long _fullAt;
    private IOException? _full;

    public string Folder => folder;

    private string Place => Path.Combine(folder, SegmentNames.Spare);

    /// <summary>Twice the one before, up to the limit: small data have small segments.</summary>
    public long BytesAfter(long before) => Math.Min(bytesMax, Math.Max(BytesMin, before * 2));

    /// <summary>At the start: what an earlier one left.</summary>
    public void Open()
    {
        File.Delete(Place + SegmentNames.Draft);
        if (File.Exists(Place))
        {
            _spare = SegmentFile.Open(Place, null);
        }
    }

    /// <summary>Makes one now, if none is ready. Not on the writer's thread.</summary>
    public void Prepare(long bytes)
    {
        lock (_gate)
        {
            _bytes = bytes;
            try
            {
                Ensure(bytes, bytes);
            }
            catch (IOException e) when (FolderAccess.IsDiskFull(e))
            {
                // Who needs it finds out.
            }
        }
    }

    /// <summary>One that holds so much, made here and now if none is ready.</summary>
    /// <param name="name">What it is called from now on.</param>
    /// <param name="bytesMin">What must fit.</param>
    /// <param name="bytes">What it should have.</param>
    /// <exception cref="IOException">The disk is full, or failed.</exception>
    public SegmentFile Take(string name, long bytesMin, long bytes)
    {
        lock (_gate)
        {
            _bytes = Math.Max(BytesMin, bytes);
            Ensure(bytesMin, Math.Max(_bytes, bytesMin));
            SegmentFile taken = _spare!;
            taken.Rename(name);
            _spare = null;
            return taken;
        }
    }

    /// <summary>
    /// One that was taken and not used, or that nobody needs any more; it goes if it is too small for the next.
    /// </summary>
    public void Put(SegmentFile file)
    {
        lock (_gate)
        {
            if (_spare is null && file.Length >= _bytes)
            {
                file.Rename(SegmentNames.Spare);
                _spare = file;
            }
            else
            {
                file.Dispose();
                File.Delete(file.Path);
            }
        }
    }

    public void Close() => _spare?.Dispose();

    private void Ensure(long bytesMin, long bytes)
    {
        if (_spare is not null && _spare.Length >= bytesMin)
        {
            return;
        }

        if (_full is not null && Environment.TickCount64 - _fullAt is >= 0 and < _lookMs)
        {
            throw new IOException(_full.Message, _full) { HResult = _full.HResult };
        }

        _spare?.Dispose();
        _spare = null;
        File.Delete(Place);
        try
        {
            _spare = Create(bytesMin, bytes);
            _full = null;
        }
        catch (IOException e) when (FolderAccess.IsDiskFull(e))
        {
            (_full, _fullAt) = (e, Environment.TickCount64);
            throw;
        }
    }

    private SegmentFile Create(long bytesMin, long bytes)
    {
        long least = Math.Max(BytesMin, bytesMin);
        try
        {
            return SegmentFile.Create(Place, bytes);
        }
        catch (IOException e) when (FolderAccess.IsDiskFull(e) && bytes > least)
        {
            return SegmentFile.Create(Place, least);
        }
    }
}
