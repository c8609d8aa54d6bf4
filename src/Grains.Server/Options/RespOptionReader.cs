using System.Diagnostics.CodeAnalysis;
using System.Net;
using Grains.StateMachines.Codecs;

namespace Grains.Server.Options;

/// <summary>Where Redis clients connect. The rules of addresses are those of <see cref="Setting.Urls"/>.</summary>
internal sealed class RespOptionReader(SettingSource source)
{
    private const string _off = "off";
    private const int _port = 7401;

    /// <returns>Null: nowhere, or what is said is wrong.</returns>
    public IPEndPoint? Read(bool isOpen, bool isAlone)
    {
        (string? value, _) = source.Find(Setting.Resp);
        if (value is null)
        {
            return isAlone ? new IPEndPoint(IPAddress.Loopback, _port) : null;
        }

        if (value == _off)
        {
            return null;
        }

        int colon = value.LastIndexOf(':');
        string host = colon < 0 ? "" : value[..colon];
        if (!TryAddress(host, out IPAddress? address)
            || !WholeNumber.TryParse(value.AsSpan(colon + 1), ushort.MaxValue, out int port) || port == 0)
        {
            source.Wrong(Setting.Resp, value, "is no address with a port",
                "Write ADDRESS:PORT, such as 127.0.0.1:7401, [::1]:7401 or 0.0.0.0:7401, or off");
            return null;
        }

        if (!IPAddress.IsLoopback(address) && !isOpen)
        {
            source.Wrong(Setting.Resp, value, "anybody on the network could do anything",
                $"Give {Setting.Keys.Switch} FILE, or {Setting.Insecure.Switch} if that is what you want");
        }

        return new IPEndPoint(address, port);
    }

    private static bool TryAddress(string host, [NotNullWhen(true)] out IPAddress? address)
    {
        address = host == "localhost" ? IPAddress.Loopback : null;
        return address is not null || Loopback.TryAddress(host.Trim('[', ']'), out address);
    }
}
