namespace Grains.Journal.Folders;

/// <summary>
/// Room on the disk that is given back when a start finds none: with it the start goes well, and reads are answered.
/// Nothing else may be written then, until there is room for a new reserve.
/// </summary>
internal sealed class FolderReserve(string folder)
{
    public const string FileName = "RESERVE";
    public const long Bytes = 2 << 20;
    private const long _lookMs = 250;
    private long _lookedAt;
    private volatile bool _isSpent;

    private string Place => Path.Combine(folder, FileName);

    /// <summary>At the start: spends it, or makes one.</summary>
    public void Open()
    {
        if (Room < Bytes / 2)
        {
            File.Delete(Place);
            _isSpent = true;
        }
        else if (FileTrait.Of(Place) is not { Bytes: Bytes })
        {
            _isSpent = !TryMake();
        }
    }

    /// <summary>True: only what a start needs may be written. Looks again now and then.</summary>
    public bool IsSpent
    {
        get
        {
            if (_isSpent && Environment.TickCount64 - Interlocked.Read(ref _lookedAt) is > _lookMs or < 0)
            {
                Interlocked.Exchange(ref _lookedAt, Environment.TickCount64);
                _isSpent = Room < Bytes * 2 || !TryMake();
            }

            return _isSpent;
        }
    }

    private long Room => new DriveInfo(folder).AvailableFreeSpace;

    private bool TryMake()
    {
        FileStreamOptions options = new()
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = FolderAccess.FileMode;
        }

        try
        {
            using FileStream file = new(Place, options);
            FolderSync.Allocate(file.SafeFileHandle, Bytes);
            return true;
        }
        catch (IOException e) when (FolderAccess.IsDiskFull(e))
        {
            File.Delete(Place);
            return false;
        }
    }
}
