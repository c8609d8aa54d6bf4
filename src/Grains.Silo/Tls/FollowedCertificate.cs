using System.Security.Cryptography.X509Certificates;
using Grains.Silo.Telemetry;

namespace Grains.Silo.Tls;

/// <summary>
/// A certificate in use whose files are looked at again and again. New connections take what is current; those that
/// are open stay. Any thread.
/// </summary>
public abstract class FollowedCertificate : IDisposable
{
    private readonly ServerGauges _gauges = new();

    /// <summary>Looked at by content: the clock and the links of a mounted secret tell nothing.</summary>
    internal virtual TimeSpan ReloadEvery { get; } = TimeSpan.FromSeconds(10);

    /// <summary>From when on one that runs out is warned of.</summary>
    internal virtual TimeSpan WarnBefore { get; } = TimeSpan.FromDays(7);

    /// <summary>For people: who is spoken with.</summary>
    internal abstract string Whom { get; }

    internal abstract X509Certificate2 Certificate { get; }

    internal abstract string CertificateFile { get; }

    /// <summary>Takes what the files hold now, if that is another identity and can be used.</summary>
    /// <returns>False: it is the one in use.</returns>
    /// <exception cref="TlsFileException">It cannot be used; the one in use stays.</exception>
    public abstract bool Reload();

    public void Dispose()
    {
        _gauges.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Once there is a certificate.</summary>
    private protected void AddGauge(string name, string description) => _gauges.Add(
        name, () => (Certificate.NotAfter.ToUniversalTime() - DateTime.UtcNow).TotalSeconds, "s", description);
}
