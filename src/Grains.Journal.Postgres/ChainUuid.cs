using System.Buffers.Binary;

namespace Grains.Journal.Postgres;

/// <summary>A chain as Postgres keeps it: 16 bytes, the highest first, so that it reads the same as ours.</summary>
internal static class ChainUuid
{
    public static Guid Of(UInt128 chain)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, chain);
        return new Guid(bytes, bigEndian: true);
    }

    public static UInt128 Read(Guid stored)
    {
        Span<byte> bytes = stackalloc byte[16];
        stored.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
