using System.Buffers.Binary;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Log;

/// <summary>
/// An epoch record as it is kept for ever: i64 revision, i64 membership version, u128 chain before, u128 chain after,
/// then the payload of the record.
/// </summary>
internal sealed record StoredEpoch(Epoch Epoch, Revision Revision, long MembershipVersion, long Incarnation)
{
    private const int _headBytes = 48;

    public static byte[] Seal(EpochGrant grant)
    {
        FlushEntry entry = grant.Entry;
        byte[] body = new byte[_headBytes + entry.Payload.Length];
        BinaryPrimitives.WriteInt64LittleEndian(body, entry.First.Value);
        BinaryPrimitives.WriteInt64LittleEndian(body.AsSpan(8), grant.MembershipVersion);
        BinaryPrimitives.WriteUInt128LittleEndian(body.AsSpan(16), entry.ChainBefore);
        BinaryPrimitives.WriteUInt128LittleEndian(body.AsSpan(32), entry.ChainAfter);
        entry.Payload.Span.CopyTo(body.AsSpan(_headBytes));
        return SealedBytes.Seal(Key(entry.Partition, entry.Epoch), body);
    }

    /// <returns>Null, or what is wrong.</returns>
    public static string? TryOpen(
        PartitionId partition, Epoch epoch, ReadOnlySpan<byte> stored, out StoredEpoch? record)
    {
        record = null;
        if (SealedBytes.Check(Key(partition, epoch), stored, out ReadOnlySpan<byte> body) is { } what)
        {
            return what;
        }

        if (body.Length < _headBytes)
        {
            return $"it has {body.Length} bytes, fewer than its head";
        }

        record = new StoredEpoch(
            epoch,
            new Revision(BinaryPrimitives.ReadInt64LittleEndian(body)),
            BinaryPrimitives.ReadInt64LittleEndian(body[8..]),
            EpochRecord.Decode(body[_headBytes..]).Incarnation);
        return null;
    }

    private static long Key(PartitionId partition, Epoch epoch) => epoch.Value ^ ((long)partition.Value << 32);
}
