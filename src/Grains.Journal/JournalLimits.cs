namespace Grains.Journal;

/// <summary>What every journal takes at most.</summary>
public static class JournalLimits
{
    public const int PayloadBytesMax = 16 << 20;
    public const int ChunkBytesMax = 2 << 20;
    public const int CheckpointChunksMax = 1 << 20;

    /// <summary>Null, or why an append cannot be taken.</summary>
    public static string? Refuses(JournalAppend append) =>
        append.Count >= 1 && append.Payload.Length <= PayloadBytesMax
            ? null
            : $"An append takes at least 1 revision and at most {PayloadBytesMax} bytes; this one takes {append.Count} "
                + $"and {append.Payload.Length}. Split the batch.";

    /// <exception cref="ArgumentException">The chunk is too large, or one too many.</exception>
    public static void CheckChunk(int number, int bytes)
    {
        if (bytes > ChunkBytesMax || number >= CheckpointChunksMax)
        {
            throw new ArgumentException(
                $"Chunk {number} of a checkpoint has {bytes} bytes; a chunk has at most {ChunkBytesMax} bytes, "
                + $"a checkpoint at most {CheckpointChunksMax} chunks.");
        }
    }
}
