namespace Grains.Journal.Log;

/// <summary>The key of a checkpoint's chunk: the checkpoint's id, then 20 bits of number.</summary>
internal static class ChunkKey
{
    private const int _bits = 20;

    public static long Of(long checkpoint, int chunk) => (checkpoint << _bits) | (uint)chunk;
}
