using Grains.Silo.Telemetry;

namespace Grains.Silo.Tls;

/// <summary>
/// The certificates in use. New connections take what is current; those that are open stay. Any thread.
/// </summary>
public sealed class TlsCertificates : IDisposable
{
    private readonly ServerGauges _gauges = new();
    private readonly TlsOptions _options;
    private volatile TlsIdentity _current;

    private TlsCertificates(TlsOptions options, TlsIdentity current)
    {
        _options = options;
        _current = current;
        _gauges.Add(
            "grains.tls.expiry",
            () => (_current.Certificate.NotAfter.ToUniversalTime() - DateTime.UtcNow).TotalSeconds,
            "s",
            "Until the certificate of this server runs out.");
    }

    internal TlsIdentity Current => _current;

    internal TlsOptions Options => _options;

    /// <exception cref="TlsFileException">They cannot be used.</exception>
    public static TlsCertificates Open(TlsOptions options) => new(options, TlsIdentity.Load(options));

    /// <summary>Takes what the files hold now, if that is another identity and can be used.</summary>
    /// <returns>False: it is the one in use.</returns>
    /// <exception cref="TlsFileException">It cannot be used; the one in use stays.</exception>
    public bool Reload()
    {
        if (TlsIdentity.DigestOf(_options) == _current.Digest)
        {
            return false;
        }

        _current = TlsIdentity.Load(_options);
        return true;
    }

    public void Dispose() => _gauges.Dispose();
}
