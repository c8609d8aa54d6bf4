using System.Diagnostics.CodeAnalysis;
using System.Net;
using Grains.Silo.Tls;
using Grains.StateMachines.Codecs;

namespace Grains.Server.Options;

/// <summary>
/// Where Redis clients connect, and how. The rules of addresses are those of <see cref="Setting.Urls"/>.
/// </summary>
internal sealed class RespOptionReader(SettingSource source)
{
    private const string _off = "off";
    private const int _port = 7401;

    private static readonly Setting[] _more =
        [Setting.RespAdvertise, Setting.RespMoved, Setting.RespCert, Setting.RespKey];

    /// <param name="isOpen">Others may reach it.</param>
    /// <param name="cluster">Null = this server is alone; it may also be wrong in parts.</param>
    /// <returns>Null: nowhere, or what is said is wrong.</returns>
    public RespPort? Read(bool isOpen, ClusterOptions? cluster)
    {
        IPEndPoint? address = Address(isOpen, isAlone: cluster is null);
        CertificateFiles? tls = Tls();
        DnsEndPoint? advertised = Advertised();
        bool alwaysRedirects = AlwaysRedirects();
        if (address is null)
        {
            RefuseMore();
            return null;
        }

        return new RespPort
        {
            Address = address,
            IsOptional = !source.IsGiven(Setting.Resp),

            // The other servers reach this one there, and so may clients: 0.0.0.0 leads nowhere.
            Advertised = advertised
                ?? (cluster?.Silo is { } silo && IsEverywhere(address)
                    ? new DnsEndPoint(silo.Host, address.Port)
                    : null),
            AlwaysRedirects = alwaysRedirects,
            Tls = tls,
        };
    }

    private IPEndPoint? Address(bool isOpen, bool isAlone)
    {
        (string? value, _) = source.Find(Setting.Resp);
        if (value is null)
        {
            // Who chooses where the API listens may have another server beside it, and chooses this too.
            return isAlone && !source.IsGiven(Setting.Urls) ? new IPEndPoint(IPAddress.Loopback, _port) : null;
        }

        if (value == _off)
        {
            return null;
        }

        if (!TrySplit(value, out string host, out int port) || !TryAddress(host, out IPAddress? address))
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

    private DnsEndPoint? Advertised()
    {
        (string? value, _) = source.Find(Setting.RespAdvertise);
        if (value is null)
        {
            return null;
        }

        if (TrySplit(value, out string host, out int port)
            && (Loopback.TryAddress(host.Trim('[', ']'), out IPAddress? address)
                ? !IsEverywhere(new IPEndPoint(address, port))
                : Uri.CheckHostName(host) == UriHostNameType.Dns))
        {
            return new DnsEndPoint(host.Trim('[', ']'), port);
        }

        source.Wrong(
            Setting.RespAdvertise, value, "is nothing that clients can connect to",
            "Write HOST:PORT, such as 10.0.0.5:7401, [fd00::5]:7401 or redis-1.example.com:7401");
        return null;
    }

    private bool AlwaysRedirects()
    {
        (string? value, _) = source.Find(Setting.RespMoved);
        if (value is not ("asked" or "always"))
        {
            source.Wrong(Setting.RespMoved, value, "is neither asked nor always", "Write one of them");
        }

        return value == "always";
    }

    private CertificateFiles? Tls()
    {
        (string? certificate, _) = source.Find(Setting.RespCert);
        (string? key, _) = source.Find(Setting.RespKey);
        if (certificate is null && key is null)
        {
            return null;
        }

        foreach ((Setting setting, string? file) in new[] { (Setting.RespCert, certificate), (Setting.RespKey, key) })
        {
            if (file is null)
            {
                source.Wrong(setting, null, "is missing: TLS needs both files",
                    $"Give {Setting.RespCert.Switch} and {Setting.RespKey.Switch}");
            }
            else if (!File.Exists(file))
            {
                source.Wrong(setting, file, "is no file that this user can see", "Name a PEM file");
            }
        }

        return certificate is null || key is null ? null
            : new CertificateFiles(Path.GetFullPath(certificate), Path.GetFullPath(key));
    }

    /// <summary>Where there is no port, nothing about it has a meaning.</summary>
    private void RefuseMore()
    {
        if (source.HasProblem(Setting.Resp))
        {
            return;
        }

        foreach (Setting setting in _more.Where(source.IsGiven))
        {
            source.Wrong(setting, source.Find(setting).Value, "is for the port of Redis clients, and there is none",
                $"Give {Setting.Resp.Switch} ADDRESS:PORT, or leave it out");
        }
    }

    private static bool IsEverywhere(IPEndPoint address) =>
        address.Address.Equals(IPAddress.Any) || address.Address.Equals(IPAddress.IPv6Any);

    private static bool TrySplit(string value, out string host, out int port)
    {
        int colon = value.LastIndexOf(':');
        host = colon < 0 ? "" : value[..colon];
        return WholeNumber.TryParse(value.AsSpan(colon + 1), ushort.MaxValue, out port) && port > 0;
    }

    private static bool TryAddress(string host, [NotNullWhen(true)] out IPAddress? address)
    {
        address = host == "localhost" ? IPAddress.Loopback : null;
        return address is not null || Loopback.TryAddress(host.Trim('[', ']'), out address);
    }
}
