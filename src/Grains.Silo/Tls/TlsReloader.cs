using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Grains.Silo.Tls;

/// <summary>Takes new certificates into use while the server runs, and says in time when one runs out.</summary>
internal sealed partial class TlsReloader(
    FollowedCertificate certificate, TimeProvider time, ILogger<TlsReloader> logger) : BackgroundService
{
    private static readonly TimeSpan _betweenWarnings = TimeSpan.FromHours(6);

    private string? _trouble;
    private long? _warnedAt;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        SayInUse();
        using var look = new PeriodicTimer(certificate.ReloadEvery, time);
        try
        {
            do
            {
                Reload();
                WarnOfExpiry();
            }
            while (await look.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
        }
    }

    private void Reload()
    {
        try
        {
            if (certificate.Reload())
            {
                SayInUse();
                _warnedAt = default;
            }

            _trouble = null;
        }
        catch (TlsFileException e)
        {
            // Files are replaced one after another: what does not fit together yet is said once, and looked at again.
            if (_trouble != e.Message)
            {
                _trouble = e.Message;
                LogNotTaken(logger, e.Message);
            }
        }
    }

    private void SayInUse()
    {
        X509Certificate2 own = certificate.Certificate;
        LogInUse(logger, certificate.Whom, own.Subject, own.NotAfter.ToUniversalTime());
    }

    private void WarnOfExpiry()
    {
        DateTimeOffset now = time.GetUtcNow();
        DateTime until = certificate.Certificate.NotAfter.ToUniversalTime();
        bool isQuiet = _warnedAt is { } warnedAt && time.GetElapsedTime(warnedAt) < _betweenWarnings;
        if (until - now < certificate.WarnBefore && !isQuiet)
        {
            _warnedAt = time.GetTimestamp();
            LogExpiry(logger, certificate.CertificateFile, until);
        }
    }
}
