using System.Buffers.Binary;
using System.Security.Cryptography;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Loops;

/// <summary>
/// Makes delivery ids that only who was given one can have: HMAC-SHA256 over what the id says, under the cluster's
/// secret, cut to 128 bits (RFC 2104). A cluster without a secret seals and looks at none.
/// </summary>
internal sealed class DeliverySeals(Func<byte[]?> secret)
{
    private const int _sealBytes = 16;

    public DeliveryGiven Seal(DeliveryGiven given) => secret() is { } key
        ? given with { Delivery = given.Delivery with { Seal = Of(given.Delivery, key) } }
        : given;

    /// <summary>Null, unless it is about a delivery whose id no owner of its partition gave out.</summary>
    public Answer? Refuse(Command command) =>
        command is IDeliveryCommand held && !IsGenuine(held.Delivery) ? Refused.Gone(held.Delivery) : null;

    private bool IsGenuine(DeliveryId id)
    {
        if (secret() is not { } key)
        {
            return true;
        }

        Span<byte> said = stackalloc byte[_sealBytes];
        Span<byte> right = stackalloc byte[_sealBytes];
        BinaryPrimitives.WriteUInt128BigEndian(said, id.Seal);
        BinaryPrimitives.WriteUInt128BigEndian(right, Of(id, key));
        return CryptographicOperations.FixedTimeEquals(said, right);
    }

    private static UInt128 Of(DeliveryId id, byte[] key)
    {
        Span<byte> says = stackalloc byte[sizeof(uint) + sizeof(long) + sizeof(long)];
        BinaryPrimitives.WriteUInt32BigEndian(says, id.Partition.Value);
        BinaryPrimitives.WriteInt64BigEndian(says[sizeof(uint)..], id.Epoch.Value);
        BinaryPrimitives.WriteInt64BigEndian(says[(sizeof(uint) + sizeof(long))..], id.Number);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, says, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }
}
