using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Grains.Silo.Tls;

/// <summary>Adds TLS to a silo.</summary>
public static class TlsExtensions
{
    /// <summary>
    /// Nobody without a certificate of the same roots speaks with the silo, on its port or its gateway's.
    /// </summary>
    public static ISiloBuilder UseMutualTls(this ISiloBuilder silo, TlsCertificates certificates)
    {
        silo.Services.TryAddSingleton(TimeProvider.System);
        silo.Services.AddSingleton(certificates);
        silo.Services.AddSingleton<InboundTls>();
        silo.Services.AddSingleton<OutboundTls>();
        silo.Services.AddReloader<TlsCertificates>();
        silo.Configure<SiloConnectionOptions>(connections =>
        {
            connections.ConfigureSiloInboundConnection(c => c.UseMiddleware<InboundTls>());
            connections.ConfigureSiloOutboundConnection(c => c.UseMiddleware<OutboundTls>());
            connections.ConfigureGatewayInboundConnection(c => c.UseMiddleware<InboundTls>());
        });
        return silo;
    }

    /// <summary>What clients are shown who speak TLS, followed while the server runs.</summary>
    public static IServiceCollection AddDoorCertificate(this IServiceCollection services, DoorCertificate certificate)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(certificate);
        services.AddReloader<DoorCertificate>();
        return services;
    }

    /// <summary>One for each certificate: not by its own type, of which there would be one.</summary>
    private static void AddReloader<T>(this IServiceCollection services)
        where T : FollowedCertificate =>
        services.AddSingleton<IHostedService>(provider => new TlsReloader(
            provider.GetRequiredService<T>(), provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<TlsReloader>>()));
}
