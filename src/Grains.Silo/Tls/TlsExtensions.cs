using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
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
        silo.Services.AddHostedService<TlsReloader>();
        silo.Configure<SiloConnectionOptions>(connections =>
        {
            connections.ConfigureSiloInboundConnection(c => c.UseMiddleware<InboundTls>());
            connections.ConfigureSiloOutboundConnection(c => c.UseMiddleware<OutboundTls>());
            connections.ConfigureGatewayInboundConnection(c => c.UseMiddleware<InboundTls>());
        });
        return silo;
    }
}
