using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Grains.Silo.Tls;

/// <summary>What this server shows to clients that speak TLS with it; they prove who they are by a key.</summary>
public sealed class DoorCertificate : FollowedCertificate
{
    private readonly CertificateFiles _files;
    private volatile Read _current;

    private DoorCertificate(CertificateFiles files, string gauge)
    {
        _files = files;
        _current = new Read(files);
        AddGauge(gauge, "Until the certificate that clients are shown runs out.");
    }

    /// <summary>For a new connection.</summary>
    public SslStreamCertificateContext Context => _current.Context;

    internal override string Whom => "Clients";

    internal override X509Certificate2 Certificate => _current.Certificate;

    internal override string CertificateFile => _files.Certificate;

    /// <param name="files">PEM.</param>
    /// <param name="gauge">The metric that says when it runs out.</param>
    /// <exception cref="TlsFileException">They cannot be used.</exception>
    public static DoorCertificate Open(CertificateFiles files, string gauge) => new(files, gauge);

    public override bool Reload()
    {
        var read = new Read(_files);
        if (read.Digest == _current.Digest)
        {
            return false;
        }

        _current = read;
        return true;
    }

    private sealed class Read
    {
        public Read(CertificateFiles files)
        {
            string chain = PemFiles.Read(files.Certificate);
            string key = PemFiles.Read(files.Key);
            Digest = PemFiles.Hash(chain, key);
            Certificate = PemFiles.Own(files.Certificate, files.Key, chain, key);
            Context = SslStreamCertificateContext.Create(
                Certificate, PemFiles.Between(files.Certificate, chain), offline: true);
        }

        public string Digest { get; }

        public X509Certificate2 Certificate { get; }

        public SslStreamCertificateContext Context { get; }
    }
}

/// <summary>PEM: a certificate, then what lies between it and a root; and its key, not encrypted.</summary>
public sealed record CertificateFiles(string Certificate, string Key);
