using System.Security.Cryptography.X509Certificates;

namespace Grains.Silo.Tls;

/// <summary>What servers show to each other.</summary>
public sealed class TlsCertificates : FollowedCertificate
{
    private readonly TlsOptions _options;
    private volatile TlsIdentity _current;

    private TlsCertificates(TlsOptions options, TlsIdentity current)
    {
        _options = options;
        _current = current;
        AddGauge("grains.tls.expiry", "Until the certificate of this server runs out.");
    }

    internal TlsIdentity Current => _current;

    internal TlsOptions Options => _options;

    internal override TimeSpan ReloadEvery => _options.ReloadEvery;

    internal override TimeSpan WarnBefore => _options.WarnBefore;

    internal override string Whom => "Servers";

    internal override X509Certificate2 Certificate => _current.Certificate;

    internal override string CertificateFile => _options.CertificateFile;

    /// <exception cref="TlsFileException">They cannot be used.</exception>
    public static TlsCertificates Open(TlsOptions options) => new(options, TlsIdentity.Load(options));

    public override bool Reload()
    {
        if (TlsIdentity.DigestOf(_options) == _current.Digest)
        {
            return false;
        }

        _current = TlsIdentity.Load(_options);
        return true;
    }
}
