using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Grains.FrontEnd.Access;
using Grains.FrontEnd.Backups;
using Grains.FrontEnd.Cluster;
using Grains.FrontEnd.Connections;
using Grains.FrontEnd.Deliveries;
using Grains.FrontEnd.Explanations;
using Grains.FrontEnd.Framing;
using Grains.FrontEnd.Gate;
using Grains.FrontEnd.Keyspaces;
using Grains.FrontEnd.Nodes;
using Grains.FrontEnd.Pages;
using Grains.FrontEnd.Rates;
using Grains.FrontEnd.Replies;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Grains.FrontEnd.Services;
using Grains.FrontEnd.Timers;
using Grains.Operations;
using Grains.Operations.Access;
using Grains.Silo.Budgets;
using Grains.Silo.Telemetry;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenTelemetry.Metrics;
using Scalar.AspNetCore;

namespace Grains.FrontEnd;

/// <summary>
/// The HTTP API of this project's README, over an <see cref="Silo.Partitions.IPartitions"/> that is registered
/// elsewhere.
/// </summary>
public static class FrontEndExtensions
{
    private const int _othersPointsMax = 200;

    /// <summary>
    /// Also sets Kestrel's limits, puts <see cref="RequestGate"/> before routing and starts the sweeper.
    /// </summary>
    public static IServiceCollection AddGrainsFrontEnd(
        this IServiceCollection services, Action<FrontEndOptions>? configure = null)
    {
        services.AddOptions<FrontEndOptions>();
        if (configure is not null)
        {
            services.Configure(configure);
        }

        services.AddGrainsOperations();
        services.AddRouting();
        services.Configure<KestrelServerOptions>(KestrelRules.Apply);
        services.TryAddSingleton(_ => new ServerMemory(MemoryShares.OfProcess));
        services.AddSingleton<ConnectionTable>();
        services.AddOptions<KestrelServerOptions>().Configure<ConnectionTable>(
            (kestrel, connections) => kestrel.ConfigureEndpointDefaults(endpoint =>
            {
                // One place for both: what is said here last is all that holds.
                endpoint.Use(connections.Guard);
                FramingRule.Apply(endpoint);
            }));
        services.AddSingleton<IConnectionListenerFactory, GatedTransport>();
        services.AddSingleton<CallerRates>();
        services.AddSingleton<IStartupFilter, RequestGateFilter>();
        services.AddSingleton<IStartupFilter, FrequentRoutes>();
        services.AddSingleton(AccessPolicies.Create);
        services.AddSingleton<AccessAudit>();
        services.AddSingleton<IRefusalLog>(provider => provider.GetRequiredService<AccessAudit>());
        services.AddSingleton<MetricsPage>();
        services.AddSingleton<IRoutes, KeyspaceRoutes>();
        services.AddSingleton<IRoutes, KeyRoutes>();
        services.AddSingleton<IRoutes, KeyBatchRoutes>();
        services.AddSingleton<IRoutes, ServiceRoutes>();
        services.AddSingleton<IRoutes, MessageRoutes>();
        services.AddSingleton<IRoutes, ReplyRoutes>();
        services.AddSingleton<IRoutes, NodeRoutes>();
        services.AddSingleton<IRoutes, TimerRoutes>();
        services.AddSingleton<IRoutes, DeliveryRoutes>();
        services.AddSingleton<IRoutes, ExplainRoutes>();
        services.AddSingleton<IRoutes, ClusterRoutes>();
        services.AddSingleton<IRoutes, BackupRoutes>();
        services.AddSingleton<PageRoutes>();
        services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter(GrainsMeter.Name, "Microsoft.Orleans", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime")
            .AddView(FewPoints)
            .AddPrometheusExporter());
        services.AddSingleton<RouteTable>();
        return services;
    }

    /// <summary>Maps every route of the API, and its page at <c>/api</c>.</summary>
    /// <exception cref="InvalidOperationException">The keys file cannot be used; every reason is named.</exception>
    public static IEndpointRouteBuilder MapGrains(this IEndpointRouteBuilder endpoints)
    {
        endpoints.ServiceProvider.GetRequiredService<RouteTable>().Map(endpoints);
        endpoints.MapScalarApiReference("/api", (page, http) =>
        {
            string nonce = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
            PageHeaders.AllowOwnScripts(http.Response.Headers, nonce);
            page.WithNonce(nonce);

            // Everything the page loads comes from this server: it must work where there is no internet.
            page.OpenApiRoutePattern = "/openapi/v1.json";
            page.Title = "Grains";
            page.DefaultFonts = false;
            page.Telemetry = false;
            page.HideClientButton = true;
            page.DisableAgent().DisableMcp().HideDeveloperTools();
        }).WithHead();
        return endpoints;
    }

    /// <summary>
    /// Maps <c>/healthz</c>, <c>/readyz</c> and <c>/metrics</c> only: for a server that others answer for.
    /// </summary>
    /// <exception cref="InvalidOperationException">The keys file cannot be used; every reason is named.</exception>
    public static IEndpointRouteBuilder MapGrainsProbes(this IEndpointRouteBuilder endpoints)
    {
        endpoints.ServiceProvider.GetRequiredService<RouteTable>().MapProbes(endpoints);
        return endpoints;
    }

    /// <summary>
    /// Room for a metric's points is taken at the start. Ours have one for each service; those of others have few.
    /// </summary>
    private static MetricStreamConfiguration? FewPoints(Instrument instrument) =>
        instrument.Meter.Name == GrainsMeter.Name
            ? null
            : new MetricStreamConfiguration { CardinalityLimit = _othersPointsMax };
}
