using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Grains.StateMachines.Codecs;

/// <summary>CRC32C (Castagnoli, RFC 3720 appendix B.4), by the processor's own instruction where it has one.</summary>
public static class Crc32C
{
    /// <param name="bytes">What is summed up.</param>
    /// <param name="before">The sum of what stands before it; 0 = nothing.</param>
    /// <remarks>
    /// Compiled in full at once: a start sums up all that is stored before the compiler finds out that this is called
    /// often, and what is compiled ahead may not use the instruction.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static uint Compute(ReadOnlySpan<byte> bytes, uint before = 0)
    {
        uint crc = ~before;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (byte rest in bytes[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, rest);
        }

        return ~crc;
    }
}
