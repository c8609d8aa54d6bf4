using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Grains.Silo.Tls;

/// <summary>Takes new certificates into use while the server runs, and says in time when one runs out.</summary>
internal sealed partial class TlsReloader(
    TlsCertificates certificates, TimeProvider time, ILogger<TlsReloader> logger) : BackgroundService
{
    private static readonly TimeSpan _betweenWarnings = TimeSpan.FromHours(6);

    private string? _trouble;
    private long? _warnedAt;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        SayInUse();
        using var look = new PeriodicTimer(certificates.Options.ReloadEvery, time);
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
            if (certificates.Reload())
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
        X509Certificate2 own = certificates.Current.Certificate;
        LogInUse(logger, own.Subject, own.NotAfter.ToUniversalTime());
    }

    private void WarnOfExpiry()
    {
        DateTimeOffset now = time.GetUtcNow();
        DateTime until = certificates.Current.Certificate.NotAfter.ToUniversalTime();
        bool isQuiet = _warnedAt is { } warnedAt && time.GetElapsedTime(warnedAt) < _betweenWarnings;
        if (until - now < certificates.Options.WarnBefore && !isQuiet)
        {
            _warnedAt = time.GetTimestamp();
            LogExpiry(logger, certificates.Options.CertificateFile, until);
        }
    }
}
