using Grains.Journal.Log;

namespace Grains.Journal.Sqlite;

/// <summary>
/// Something the writer does in its next flush. Stage runs on the writer's thread; then exactly one of Committed and
/// Failed, which end the caller's waiting but never run the caller's code on that thread.
/// </summary>
internal abstract class WriteRequest(PartitionLog log)
{
    protected PartitionLog Log => log;

    /// <summary>What it adds to the flush.</summary>
    public abstract int Bytes { get; }

    /// <summary>Judges, and stages what is to be written.</summary>
    public abstract void Stage(FlushTransaction flush);

    /// <summary>Everything staged in this flush is durable.</summary>
    public abstract void Committed(Housekeeping housekeeping);

    /// <summary>Nothing staged in this flush counts; what was staged in the log is dropped afterwards.</summary>
    public abstract void Failed(WriteFailure failure);

    /// <summary>It was not taken at all; on its caller's own thread, before anybody waits.</summary>
    public virtual void NotTaken(WriteFailure failure) => Failed(failure);

    public void DropStaged() => log.DropStaged();
}

/// <summary>Why a flush came to nothing.</summary>
/// <param name="MayBeWritten">True if the disk failed: nobody knows until the journal is read again.</param>
/// <param name="Reason">For people.</param>
internal sealed record WriteFailure(bool MayBeWritten, string Reason)
{
    public JournalUnavailableException Exception() => new(Reason);
}
