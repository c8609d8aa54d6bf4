namespace Grains.Journal;

/// <summary>
/// A checkpoint as stored: the tail that it stands for, and its chunks in the order they were written.
/// </summary>
/// <param name="At">The state holds every record up to here.</param>
/// <param name="Chunks">Read lazily, each checked against its CRC, and valid until the next is asked for;
/// throws <see cref="JournalDamagedException"/>.</param>
public sealed record StoredCheckpoint(JournalTail At, IAsyncEnumerable<ReadOnlyMemory<byte>> Chunks);
