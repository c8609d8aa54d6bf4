using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Access;

/// <summary>On whose account a request is: its key where keys are asked for, else the address that it comes from.</summary>
internal static class Caller
{
    private const int _schemeChars = 7;
    private const int _networkBytes = 8;

    /// <param name="http">A request that was let in.</param>
    /// <param name="access">That let it in.</param>
    public static string Of(HttpContext http, IAccessPolicy access) => access is OpenAccess
        ? OfAddress(http.Connection.RemoteIpAddress)
        : OfKey(http.Request.Headers.Authorization.ToString());

    /// <summary>"Bearer" may be written in many ways; the key in one.</summary>
    private static string OfKey(string authorization) => "key " + Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes(authorization[Math.Min(_schemeChars, authorization.Length)..])));

    /// <summary>Of IPv6 the network: one host has 2^64 addresses in it.</summary>
    private static string OfAddress(IPAddress? address) => address switch
    {
        null => "",
        { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false } =>
            "net " + Convert.ToHexStringLower(address.GetAddressBytes().AsSpan(0, _networkBytes)),
        _ => address.ToString(),
    };
}
