using System.Net;

namespace Grains.Silo.Tls;

/// <summary>
/// How servers prove to each other that they belong together. Inert: the files are read by <see
/// cref="TlsCertificates"/>.
/// </summary>
public sealed record TlsOptions
{
    /// <summary>PEM: the roots that vouch for servers. More than one while roots are replaced.</summary>
    public required string AuthorityFile { get; init; }

    /// <summary>PEM: this server's certificate, then what lies between it and a root.</summary>
    public required string CertificateFile { get; init; }

    /// <summary>PEM, not encrypted: the certificate's key.</summary>
    public required string KeyFile { get; init; }

    /// <summary>A certificate with this DNS name speaks for a server of the cluster, wherever it is.</summary>
    public required string Cluster { get; init; }

    /// <summary>Where the others reach this server: its own certificate is checked as they will.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>Below the time that Orleans gives a new connection.</summary>
    public TimeSpan HandshakeDeadline { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Looked at by content: the clock and the links of a mounted secret tell nothing.</summary>
    public TimeSpan ReloadEvery { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From when on a certificate that runs out is warned of.</summary>
    public TimeSpan WarnBefore { get; init; } = TimeSpan.FromDays(7);
}
