using System.Diagnostics.Metrics;
using System.Net;
using Grains.Silo.Telemetry;
using Grains.Silo.Tls;
using Microsoft.Extensions.Options;

namespace Grains.Resp.Sessions;

/// <summary>The port itself, as its connections see it.</summary>
internal sealed class RespPort(IOptions<RespOptions> options, DoorCertificate? certificate = null)
    : IDisposable
{
    private static readonly Counter<long> _accepted = GrainsMeter.Instance.CreateCounter<long>(
        "grains.resp.accepted", null, "Connections of Redis clients that were accepted.");

    private static readonly Counter<long> _full = GrainsMeter.Instance.CreateCounter<long>(
        "grains.resp.full", null, "Connections of Redis clients that were refused because too many were open.");

    private readonly ServerGauges _gauges = new();
    private int _connections;

    /// <summary>Where clients reach it; the host is every one of this machine where it is bound so.</summary>
    public (string Host, int Port) Place => options.Value.Advertised is { } advertised
        ? (advertised.Host, advertised.Port)
        : (options.Value.Address?.Address.ToString() ?? "", Port);

    /// <summary>It is bound to every address of this machine, and nobody said by which it is reached.</summary>
    public bool IsEverywhere => options.Value is { Advertised: null, Address: { } bound }
        && (bound.Address.Equals(IPAddress.Any) || bound.Address.Equals(IPAddress.IPv6Any));

    /// <summary>It speaks TLS, and nothing else.</summary>
    public bool IsSecure => certificate is not null;

    /// <summary>What it shows then.</summary>
    public DoorCertificate? Certificate => certificate;

    public bool AlwaysRedirects => options.Value.AlwaysRedirects;

    public int Port { get; set; } = options.Value.Address?.Port ?? 0;

    public int ConnectionsMax => options.Value.ConnectionsMax;

    public int Connections => Volatile.Read(ref _connections);

    public void AddGauges() => _gauges.Add(
        "grains.resp.connections", () => Connections, null, "Connections of Redis clients that are open.");

    public bool TryAdd()
    {
        if (Interlocked.Increment(ref _connections) <= ConnectionsMax)
        {
            _accepted.Add(1);
            return true;
        }

        _full.Add(1);
        Interlocked.Decrement(ref _connections);
        return false;
    }

    public void Remove() => Interlocked.Decrement(ref _connections);

    public void Dispose() => _gauges.Dispose();
}
