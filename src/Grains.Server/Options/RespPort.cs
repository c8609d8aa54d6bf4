using System.Net;
using Grains.Silo.Tls;

namespace Grains.Server.Options;

/// <summary>The port for Redis clients. Inert.</summary>
internal sealed record RespPort
{
    public required IPEndPoint Address { get; init; }

    /// <summary>Nobody named that address: if another process has it, the server starts without.</summary>
    public bool IsOptional { get; init; }

    /// <summary>Where clients reach it; null = where it is bound.</summary>
    public DnsEndPoint? Advertised { get; init; }

    /// <summary>All clients are sent to the servers of their keys, not only those that asked for the map.</summary>
    public bool AlwaysRedirects { get; init; }

    /// <summary>Null: clients speak without TLS.</summary>
    public CertificateFiles? Tls { get; init; }
}
