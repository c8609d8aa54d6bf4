using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Grains.Operations.Access;

/// <summary>
/// What counts as one caller where nobody says who they are: an IPv4 address, or the /64 of an IPv6 address, which is
/// what one customer of a network is given.
/// </summary>
public readonly record struct CallerGroup(ulong Bits)
{
    public static CallerGroup Of(IPAddress? address)
    {
        if (address is null)
        {
            return default;
        }

        Span<byte> bytes = stackalloc byte[16];
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        _ = address.TryWriteBytes(bytes, out _);
        return new CallerGroup(address.AddressFamily == AddressFamily.InterNetworkV6
            ? BinaryPrimitives.ReadUInt64BigEndian(bytes)
            : BinaryPrimitives.ReadUInt32BigEndian(bytes));
    }
}
