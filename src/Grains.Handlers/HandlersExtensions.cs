using Grains.Handlers.Calls;
using Grains.Handlers.Dispatch;
using Grains.Handlers.Hosted;
using Grains.Handlers.Nodes;
using Grains.Handlers.Push;
using Grains.Handlers.Runs;
using Grains.Handlers.Servers;
using Grains.Operations.Declarations;
using Grains.Operations.Explanations;
using Grains.Operations.Syntax;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;

namespace Grains.Handlers;

/// <summary>Adds handlers to a silo that has partitions and a front end.</summary>
public static class HandlersExtensions
{
    /// <summary>Push, hosted classes, and the nodes that run them.</summary>
    public static ISiloBuilder AddGrainsHandlers(this ISiloBuilder silo, HandlerOptions options)
    {
        IServiceCollection services = silo.Services;
        services.AddSingleton(options);
        services.AddSingleton<RunKeeper>();
        services.AddHostedService(provider => provider.GetRequiredService<RunKeeper>());
        services.AddSingleton<PushHandler>();
        services.AddSingleton<HostedHandlers>();
        services.AddSingleton<HandlerCalls>();
        services.AddSingleton<RunConclusion>();
        services.AddSingleton<DeliveryRuns>();
        services.AddSingleton<ActiveNodes>();
        services.AddSingleton<HandlerSurvey>();
        services.AddSingleton<LocalServer>();
        services.AddSingleton<DispatchReports>();
        services.AddSingleton<HandlerServers>();
        services.AddHostedService(provider => provider.GetRequiredService<HandlerServers>());
        services.AddSingleton<IHandlerStatus, HandlerStatus>();
        services.AddGrainService<HandlerService>();
        services.AddSingleton<IHandlerServiceClient, HandlerServiceClient>();
        services.AddSingleton(new ServerSlots(new Slots(options.InFlightMax)));
        services.AddSingleton<LocalDeliveries>();
        services.AddSingleton<NodeRuns>();
        services.AddSingleton<HandlerAvailability>();
        services.AddSingleton<Func<ServiceSnapshot, ServiceDispatcher>>(
            provider => service => ActivatorUtilities.CreateInstance<ServiceDispatcher>(provider, service));
        services.AddHostedService<Dispatchers>();
        silo.AddPlacementDirector<NodePlacement, NodePlacementDirector>();
        return silo;
    }

    /// <summary>A silo that runs no handler: it knows what those of the others do.</summary>
    public static ISiloBuilder WithoutHandlers(this ISiloBuilder silo)
    {
        silo.Services.RemoveAll<HostedHandler>();

        // It owns no partition, so there is nothing to take out: no need to follow what is declared.
        silo.Services.Remove(silo.Services.Single(s => s.ImplementationType == typeof(Dispatchers)));
        return silo.Configure<GrainTypeOptions>(grains => grains.Classes.Remove(typeof(NodeGrain)));
    }

    /// <summary>
    /// <typeparamref name="T"/> handles the deliveries of a service whose declaration says <c>hosted</c>. Servers of
    /// one cluster need not all have it: deliveries go to those that do.
    /// </summary>
    /// <exception cref="ArgumentException">That is no name of a service.</exception>
    public static ISiloBuilder AddHandler<T>(this ISiloBuilder silo, string service)
        where T : class, IHandler
    {
        if (!Names.IsDeclared(service))
        {
            throw new ArgumentException(
                $"'{service}' is no name of a service: it is [a-z0-9], then up to 62 of [a-z0-9-].", nameof(service));
        }

        silo.Services.TryAddScoped<T>();
        silo.Services.AddSingleton(new HostedHandler(service, typeof(T)));
        return silo;
    }
}
