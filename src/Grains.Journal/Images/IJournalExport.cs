namespace Grains.Journal.Images;

/// <summary>A journal whose contents can be taken out whole, while it serves.</summary>
public interface IJournalExport
{
    /// <summary>
    /// Every partition that was ever acquired, as of one moment after the enumeration began: no record of one partition
    /// is in it without everything, of whatever partition, that was durable before it. Appends go on meanwhile. Memory
    /// is bounded by the largest record or chunk. Each part is valid until the next is asked for.
    /// </summary>
    /// <remarks>
    /// What is deleted meanwhile takes its place on the disk until the enumeration ends: of the segments none is
    /// written over, in Postgres nothing that died is vacuumed. So a slow reader must be ended.
    /// </remarks>
    /// <exception cref="JournalDamagedException">Stored bytes are not what was written; the image has no
    /// end.</exception>
    IAsyncEnumerable<ImagePart> ExportAsync(CancellationToken cancel);
}
