namespace Grains.Journal.Segments;

/// <summary>
/// Something that is done in the next flush. Stage runs on whoever leads it; then exactly one of Committed and Failed,
/// which end the caller's waiting but never run the caller's code on that thread.
/// </summary>
internal abstract class WriteRequest
{
    /// <summary>What it adds to the flush.</summary>
    public abstract int Bytes { get; }

    /// <summary>Judges, and stages what is to be written.</summary>
    public abstract void Stage(SegmentLog flush);

    /// <summary>Everything staged in this flush is durable.</summary>
    public abstract void Committed(SegmentUpkeep upkeep);

    /// <summary>Nothing staged in this flush counts; what was staged in the log was dropped before.</summary>
    public abstract void Failed(WriteFailure failure);

    /// <summary>It was not taken at all; on its caller's own thread, before anybody waits.</summary>
    public virtual void NotTaken(WriteFailure failure) => Failed(failure);

    public abstract void DropStaged();
}

/// <summary>Why a flush came to nothing.</summary>
/// <param name="MayBeWritten">True if the disk failed: nobody knows until the journal is read again.</param>
/// <param name="Reason">For people.</param>
internal sealed record WriteFailure(bool MayBeWritten, string Reason)
{
    public JournalUnavailableException Exception() => new(Reason);
}
