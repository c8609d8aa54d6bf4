using Grains.Journal.Folders;

namespace Grains.Journal.Sqlite;

/// <summary>Where the embedded journal keeps its bytes, and its limits.</summary>
public sealed record SqliteJournalOptions
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

    /// <summary>Bytes of checkpoints and of deletions beside the appends of one flush; 64 KiB to 16 MiB.</summary>
    public int BackgroundBytesPerFlush { get; init; } = 512 << 10;

    /// <summary>
    /// The WAL is moved into the database file above this size, beside the appends; above four times this size they
    /// wait for it. 1 MiB to 4 GiB.
    /// </summary>
    public long WalBytesMax { get; init; } = 256 << 20;

    /// <summary>
    /// Called once when the disk fails, when it can no longer be known what is durable. The process must end: a server
    /// does so at once, and the next one reads what is really there. An <see cref="OutOfMemoryException"/> is no fault
    /// of the disk: the process had no memory left in the middle of a commit.
    /// </summary>
    public Action<string, Exception> OnDiskFailure { get; init; } = Environment.FailFast;

    /// <summary>Replaces the result code of a commit, for tests of a failing disk.</summary>
    internal Func<int, int>? CommitResult { get; init; }

    internal FolderFiles Files => new([JournalSchema.FileName, .. Beside], [FolderBinding.WalName]);

    /// <summary>All that is wrong at once.</summary>
    public void Validate() => new OptionsCheck("SQLite journal")
        .Holds(!string.IsNullOrWhiteSpace(Folder), nameof(Folder), Folder, "name a folder")
        .Range(QueuedRequestsMax, 1, 1 << 20, nameof(QueuedRequestsMax))
        .Range(FlushBytesMax, 64 << 10, 64 << 20, nameof(FlushBytesMax))
        .Range(BackgroundBytesPerFlush, 64 << 10, 16 << 20, nameof(BackgroundBytesPerFlush))
        .Range(WalBytesMax, 1 << 20, 4L << 30, nameof(WalBytesMax))
        .Holds(OnDiskFailure is not null, nameof(OnDiskFailure), null, "give an action that ends the process")
        .ThrowIfWrong();
}
