using System.Buffers.Binary;

namespace Grains.Handlers.Runs;

/// <summary>
/// What tells one run's commit from another's of the same delivery: drawn, because two runs of one handler need not
/// come to the same.
/// </summary>
internal static class RunHash
{
    public static UInt128 Generate()
    {
        Span<byte> bytes = stackalloc byte[16];
        Random.Shared.NextBytes(bytes);
        return BinaryPrimitives.ReadUInt128LittleEndian(bytes);
    }
}
