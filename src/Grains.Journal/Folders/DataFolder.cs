namespace Grains.Journal.Folders;

/// <summary>
/// The folder of one server: closed to others, held by one process, and complete. What is kept in it, and how, is the
/// business of whoever opens it; which files belong together is settled here.
/// </summary>
public sealed class DataFolder : IDisposable
{
    private const string _whatToDo = "Put the right file back, or restore the whole folder from a backup; nothing was "
        + "changed.";
    private readonly Lock _gate = new();
    private readonly FolderLock _lock;
    private readonly FolderWatch _watch;
    private readonly FolderReserve _reserve;
    private FileStream? _file;
    private FolderIdentity? _identity;

    private DataFolder(string path, FolderLock held) =>
        (Path, _lock, _watch, _reserve) = (path, held, new FolderWatch(path), new FolderReserve(path));

    public string Path { get; }

    /// <summary>Known from the first call of <see cref="Recognize"/> on at the latest.</summary>
    public FolderIdentity? Identity => _identity;

    /// <summary>Makes it, or takes it as it is: locked, closed to others, with every file that it must have.</summary>
    /// <exception cref="JournalUnavailableException">It is held by another, or something is wrong with it. Nothing was
    /// changed.</exception>
    public static DataFolder Open(string path, FolderFiles files)
    {
        FolderAccess.Claim(path);
        DataFolder folder = new(path, FolderLock.Take(path));
        try
        {
            folder.Read(files);
            folder._lock.Sign();
            folder._reserve.Open();
            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>The end of a start for a reason in this folder: which file, what of it, what to do.</summary>
    public JournalUnavailableException Refusal(string name, string what) => new($"{this[name]} {what} {_whatToDo}");

    /// <summary>Compares with what the journal carries; a folder that knows no id yet gets one.</summary>
    /// <param name="name">The file of the journal, for people.</param>
    /// <param name="carried">The id in the journal; null = none yet.</param>
    /// <returns>The id that the journal is to carry.</returns>
    public string Recognize(string name, string? carried)
    {
        if (_identity is not { } identity)
        {
            if (carried is not null)
            {
                throw Refusal(FolderIdentity.FileName, $"is missing: {name} belongs to a folder that has one.");
            }

            return Create().Id;
        }

        if (carried is null && !identity.HoldsData)
        {
            return identity.Id;
        }

        return carried == identity.Id ? carried : throw Refusal(name,
            $"belongs to {(carried is null ? "no folder yet" : $"the folder {carried}")}, and "
            + $"{FolderIdentity.FileName} to {identity.Id}: "
            + "files of two folders, or an older copy, are mixed.");
    }

    /// <summary>From now on these files must stay what they are; what holds the lock, too.</summary>
    public void Watch(params ReadOnlySpan<string> names)
    {
        foreach (string name in (string[])[.. names, FolderLock.FileName, FolderIdentity.FileName])
        {
            _watch.Add(this[name]);
        }
    }

    /// <summary>One of them came to its end in good order, and another takes its place.</summary>
    public void WatchInstead(string? former, string name)
    {
        if (former is not null)
        {
            _watch.Remove(this[former]);
        }

        _watch.Add(this[name]);
    }

    /// <summary>
    /// On return the file holds these bytes, durably, and must stay what it is. Whoever ends on the way leaves the
    /// former one, or these.
    /// </summary>
    /// <exception cref="IOException">The disk refuses; what was there stays.</exception>
    public void Replace(string name, ReadOnlySpan<byte> bytes)
    {
        string draft = WholeFile.Draft(this[name], bytes);
        _watch.Expect(this[name], draft);
        WholeFile.Put(draft, this[name]);
        _watch.Add(this[name]);
    }

    /// <summary>Before anything is answered: what was written is in files that the next start will find.</summary>
    /// <exception cref="FolderLostException">One was removed or replaced.</exception>
    public void EnsureWhole() => _watch.Check();

    /// <summary>
    /// The start found no room on the disk, and there still is none: nothing may be written but what reads need.
    /// </summary>
    public bool IsTight => _reserve.IsSpent;

    /// <summary>Which file is not what it was, as a sentence; null = none.</summary>
    public string? Lost => _watch.Lost();

    /// <summary>The journal is open, and about to be written.</summary>
    public void Begin(long session, long log, ulong records) => Change(
        i => i with { Session = session, Log = log, Records = Math.Max(i.Records, records), IsClosed = false },
        isSynced: true);

    /// <summary>
    /// These records are durable. Not synced: whoever kills this process leaves the note, and a power cut leaves an
    /// older one, which is as true.
    /// </summary>
    public void Note(ulong records, long log) => Change(i => i with { Records = records, Log = log }, isSynced: false);

    /// <summary>
    /// A log began; before anything in it is answered. Where there is no room for it the older number stays.
    /// </summary>
    public void BeginLog(long log)
    {
        try
        {
            Change(i => i with { Log = log }, isSynced: true);
        }
        catch (IOException e) when (FolderAccess.IsDiskFull(e))
        {
            // A file system that copies on write: a bound that is lower is as true.
        }
    }

    /// <summary>The cluster whose settings are here, or newer ones of it.</summary>
    /// <param name="isRestored">It takes the place of what an earlier try put in.</param>
    /// <exception cref="JournalUnavailableException">They are another cluster's, or older than they were.</exception>
    public void Bind(string name, FolderSettings settings, bool isRestored = false)
    {
        FolderIdentity identity = _identity!;
        if (!isRestored)
        {
            Check(name, settings);
        }

        if ((identity.Cluster, identity.Partitions, identity.Settings)
            != (settings.Cluster, settings.Partitions, settings.Version))
        {
            Change(
                i => i with
                {
                    Cluster = settings.Cluster, Partitions = settings.Partitions, Settings = settings.Version
                }, isSynced: true);
        }
    }

    /// <summary>The settings that were found, before anything runs on them.</summary>
    /// <exception cref="JournalUnavailableException">They are missing, another cluster's, or older than they
    /// were.</exception>
    public void Check(string name, FolderSettings? settings)
    {
        if (_identity is not { IsMade: true } identity)
        {
            if (settings is null && _identity is { Records: > 0, IsMade: false })
            {
                throw Refusal(name, "holds no settings of a cluster, and the journal beside it holds records.");
            }
        }
        else if (settings is null)
        {
            throw Refusal(name, $"holds no settings, and this is the folder of cluster {identity.Cluster}.");
        }
        else if ((settings.Cluster, settings.Partitions) != (identity.Cluster, identity.Partitions))
        {
            throw Refusal(name,
                $"holds the settings of cluster {settings.Cluster} with {settings.Partitions} partitions, and this is "
                + "the folder of "
                + $"cluster {identity.Cluster} with {identity.Partitions}.");
        }
        else if (settings.Version < identity.Settings)
        {
            throw Refusal(
                name,
                $"is an older copy: it holds version {settings.Version} of the settings, and {identity.Settings} was "
                + "in force.");
        }
    }

    /// <summary>In good order.</summary>
    public void Close() => Change(i => i with { IsClosed = true }, isSynced: true);

    public void Dispose()
    {
        _file?.Dispose();
        _lock.Dispose();
    }

    private void Read(FolderFiles files)
    {
        Check(files.Data.Append(FolderIdentity.FileName), FileKind.File);
        Check(files.Folders, FileKind.Folder);

        if (FileTrait.Of(this[FolderIdentity.FileName]) is not null)
        {
            _file = FolderLock.Lock(this[FolderIdentity.FileName], Path);
            byte[] bytes = new byte[FolderIdentity.Bytes + 1];
            int read = _file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            _identity = FolderIdentity.Decode(bytes.AsSpan(0, read)) ?? throw Refusal(FolderIdentity.FileName,
                $"holds {read} bytes that this version cannot read.");
            CheckFiles(files, _identity);
        }
        else if (!files.All.Any(n => FileTrait.Of(this[n]) is not null))
        {
            // First of all: whatever is made after it belongs to it.
            Create();
        }
        else
        {
            // Of a version that made none, or it was taken away.
            CheckFiles(files, null);
        }
    }

    private void Check(IEnumerable<string> names, FileKind wanted)
    {
        foreach (string name in names)
        {
            if (FileTrait.Of(this[name]) is { } found)
            {
                FolderAccess.Check(this[name], found, wanted);
            }
        }
    }

    private void CheckFiles(FolderFiles files, FolderIdentity? identity)
    {
        if (identity is { HoldsData: false })
        {
            return;
        }

        foreach (string name in files.Folders.Concat(files.Data))
        {
            FileTrait? found = FileTrait.Of(this[name]);
            string others = string.Join(", ", files.All.Where(n => n != name && FileTrait.Of(this[n]) is not null));
            if (found is null)
            {
                throw Refusal(
                    name,
                    others.Length == 0
                        ? "is missing."
                        : $"is missing, and {others} beside it {(others.Contains(',') ? "are" : "is")} there.");
            }

            if (found is { Bytes: 0 } && files.Data.Contains(name))
            {
                throw Refusal(name, "is empty, and it held data.");
            }
        }
    }

    private FolderIdentity Create()
    {
        FolderIdentity made = new() { Id = Guid.NewGuid().ToString("N") };
        string path = this[FolderIdentity.FileName];
        string draft = path + ".new";
        try
        {
            File.Delete(draft);
            FileStream file = FolderLock.Lock(draft, Path);
            file.Write(made.Encode());
            file.Flush(flushToDisk: true);
            File.Move(draft, path);
            FolderSync.Flush(Path);
            (_file, _identity) = (file, made);
            return made;
        }
        catch (IOException e)
        {
            throw new JournalUnavailableException($"{path} cannot be made: {FolderAccess.Reason(e)}", e);
        }
    }

    private void Change(Func<FolderIdentity, FolderIdentity> change, bool isSynced)
    {
        lock (_gate)
        {
            FolderIdentity changed = change(_identity!);
            _identity = changed;
            try
            {
                Span<byte> bytes = stackalloc byte[FolderIdentity.Bytes];
                changed.Encode(bytes);
                RandomAccess.Write(_file!.SafeFileHandle, bytes, 0);
                if (isSynced)
                {
                    _file.Flush(flushToDisk: true);
                }
            }
            catch (IOException e) when (FolderAccess.IsDiskFull(e) && !isSynced)
            {
                // A file system that copies on write: the older number stays, and is as true.
            }
        }
    }
}

/// <summary>What a folder and the settings in it must agree on.</summary>
/// <param name="Cluster">The cluster's id.</param>
/// <param name="Partitions">Their number.</param>
/// <param name="Version">Grows with each change.</param>
public sealed record FolderSettings(string Cluster, int Partitions, long Version);
