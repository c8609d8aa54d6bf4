using Grains.FrontEnd.Connections;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Access;

/// <summary>On whose account a request is: its key where keys are asked for, else the address that it comes from.</summary>
/// <param name="Key">The name of the key; null where nobody needs one.</param>
/// <param name="From">Of a request without a key.</param>
internal readonly record struct Caller(string? Key, CallerGroup From) : IComparable<Caller>
{
    /// <param name="http">A request that was let in.</param>
    public static Caller Of(HttpContext http) => http.Features.Get<HeldKey>() is { } held
        ? new Caller(held.Key.Name, default)
        : new Caller(null, CallerGroup.Of(http.Connection.RemoteIpAddress));

    public int CompareTo(Caller other) => string.CompareOrdinal(Key, other.Key) is not 0 and var order ? order
        : From.Bits.CompareTo(other.From.Bits);
}
