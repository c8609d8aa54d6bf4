using Grains.Journal.Folders;

namespace Grains.Journal.Segments;

/// <summary>Where the embedded journal keeps its bytes, and its limits.</summary>
public sealed record SegmentJournalOptions
{
    /// <summary>The folder; made if it is missing. One process at a time.</summary>
    public required string Folder { get; init; }

    /// <summary>
    /// Names of other files that belong to the folder, and are there as soon as anything was answered.
    /// </summary>
    public string[] Beside { get; init; } = [];

    /// <summary>
    /// False: nothing waits for the disk, and a power cut loses answered writes. Only for the durability harness, to
    /// show that it notices.
    /// </summary>
    public bool Synchronous { get; init; } = true;

    /// <summary>Appends and other requests that may wait for the writer; one more is refused.</summary>
    public int QueuedRequestsMax { get; init; } = 65_536;

    /// <summary>Bytes of payload in one flush, but for a single larger append; 64 KiB to 64 MiB.</summary>
    public int FlushBytesMax { get; init; } = 4 << 20;

    /// <summary>
    /// What a segment has at most, but for a single larger row; 1 MiB to 1 GiB. The first has 1 MiB, and each twice
    /// that of the one before. The log has at most twice what is needed, and four of them.
    /// </summary>
    public long SegmentBytes { get; init; } = 64 << 20;

    /// <summary>
    /// Called once when the disk fails, when it can no longer be known what is durable. The process must end: a server
    /// does so at once, and the next one reads what is really there. An <see cref="OutOfMemoryException"/> is no fault
    /// of the disk: the process had no memory left in the middle of a flush.
    /// </summary>
    public Action<string, Exception> OnDiskFailure { get; init; } = Environment.FailFast;

    /// <summary>Before the sync of each flush, for tests of a failing or a slow disk.</summary>
    internal Action? OnSync { get; init; }

    internal FolderFiles Files => new(Beside, SegmentNames.Folder);

    /// <summary>All that is wrong at once.</summary>
    public void Validate() => new OptionsCheck("segment journal")
        .Holds(!string.IsNullOrWhiteSpace(Folder), nameof(Folder), Folder, "name a folder")
        .Range(QueuedRequestsMax, 1, 1 << 20, nameof(QueuedRequestsMax))
        .Range(FlushBytesMax, 64 << 10, 64 << 20, nameof(FlushBytesMax))
        .Range(SegmentBytes, SegmentStock.BytesMin, 1 << 30, nameof(SegmentBytes))
        .Holds(OnDiskFailure is not null, nameof(OnDiskFailure), null, "give an action that ends the process")
        .ThrowIfWrong();
}
