using System.Buffers.Binary;
using System.IO.Hashing;
using Grains.StateMachines.Ids;

namespace Grains.Journal;

/// <summary>
/// The hash that ties a record to everything before it: XXH128 over previous chain, epoch, first revision, count and
/// payload. It tells an append from any other that could stand in its place; it is no defence against forgery.
/// </summary>
public static class JournalChain
{
    public static UInt128 Next(UInt128 previous, Epoch epoch, Revision first, int count, ReadOnlySpan<byte> payload)
    {
        Span<byte> head = stackalloc byte[52];
        BinaryPrimitives.WriteUInt128LittleEndian(head, previous);
        BinaryPrimitives.WriteInt64LittleEndian(head[16..], epoch.Value);
        BinaryPrimitives.WriteInt64LittleEndian(head[24..], first.Value);
        BinaryPrimitives.WriteInt32LittleEndian(head[32..], count);
        BinaryPrimitives.WriteUInt128LittleEndian(head[36..], XxHash128.HashToUInt128(payload));
        return XxHash128.HashToUInt128(head);
    }
}
