using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;

namespace Grains.Silo.Members;

/// <summary>Adds the secret to what speaks without TLS.</summary>
public static class MemberExtensions
{
    /// <summary>Nobody who does not know the secret speaks with the silo, on its port or its gateway's.</summary>
    public static ISiloBuilder UseMemberSecret(this ISiloBuilder silo, MemberSecret secret)
    {
        Add(silo.Services, secret);
        silo.Configure<SiloConnectionOptions>(connections =>
        {
            connections.ConfigureSiloInboundConnection(c => c.UseMiddleware<InboundMembers>());
            connections.ConfigureSiloOutboundConnection(c => c.UseMiddleware<OutboundMembers>());
            connections.ConfigureGatewayInboundConnection(c => c.UseMiddleware<InboundMembers>());
        });
        return silo;
    }

    /// <summary>The same for an Orleans client of a gateway; it reads the secret where the servers do.</summary>
    public static IClientBuilder UseMemberSecret(this IClientBuilder client, MemberSecret secret)
    {
        Add(client.Services, secret);
        client.Configure<ClientConnectionOptions>(
            connections => connections.ConfigureConnection(c => c.UseMiddleware<OutboundMembers>()));
        return client;
    }

    private static void Add(IServiceCollection services, MemberSecret secret)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(secret);
        services.AddSingleton<InboundMembers>();
        services.AddSingleton<OutboundMembers>();
    }
}
