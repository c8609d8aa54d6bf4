using Grains.Journal;
using Grains.Journal.Images;
using Grains.Silo.Backups;
using Grains.Silo.Budgets;
using Grains.Silo.Cluster;
using Grains.Silo.Loops;
using Grains.Silo.Ownership;
using Grains.Silo.Partitions;
using Grains.Silo.Routing;
using Grains.StateMachines.Batches;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Metadata;
using Orleans.Storage;

namespace Grains.Silo;

/// <summary>Adds partitions to a silo.</summary>
public static class GrainsSiloExtensions
{
    /// <summary>Room for it is taken at the start: the million that is Orleans' own is 19 MiB.</summary>
    private const int _directoryCacheSize = 100_000;

    /// <summary>
    /// Partitions, their placement and the way to them. Needs an <see cref="IJournal"/> in the services and a grain
    /// storage named <see cref="ClusterStorage.Name"/>.
    /// </summary>
    public static ISiloBuilder AddGrains(this ISiloBuilder silo, GrainsSiloOptions options)
    {
        IServiceCollection services = silo.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(_ => new ServerMemory(MemoryShares.OfProcess));
        services.AddSingleton<ClusterSettingsView>();
        services.AddSingleton<PartitionReadiness>();
        services.AddSingleton(_ => LocalPartitions.OfProcess());
        services.AddSingleton<PartitionStatus>();
        services.AddSingleton(options.Router);
        services.AddSingleton<IPartitions, PartitionRouter>();
        services.AddSingleton(provider => new MembershipView(
            provider.GetRequiredService<IClusterMembershipService>(),
            provider.GetRequiredService<IClusterManifestProvider>(),
            provider.GetRequiredService<GrainTypeResolver>(),
            options.IsAlone));
        services.AddSingleton<IMembers>(provider => provider.GetRequiredService<MembershipView>());
        services.AddSingleton<LeavingServers>();
        services.AddSingleton<PartitionOwners>();
        services.AddSingleton<PartitionPreloads>();
        services.AddSingleton<ClusterSettingsReader>();
        services.AddSingleton(provider => ServingHere(provider, options.IsAlone));
        services.AddSingleton<PartitionDoors>();
        services.AddGrainService<ServerService>();
        services.AddSingleton<IServerServiceClient, ServerServiceClient>();
        services.AddSingleton<HandOvers>();
        services.AddSingleton(options.Keeper);
        services.AddSingleton(provider => new ClusterPeers(
            provider.GetRequiredService<ILocalSiloDetails>().Name,
            provider.GetRequiredService<ILocalSiloDetails>().SiloAddress,
            provider.GetRequiredService<MembershipView>(),
            provider.GetRequiredService<LeavingServers>(),
            provider.GetRequiredService<IServerServiceClient>()));
        services.AddSingleton<IClusterStatus, ClusterStatus>();
        services.AddSingleton(provider => new BackupSource(
            provider.GetService<IJournal>() as IJournalExport,
            provider.GetRequiredService<ClusterSettingsView>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<BackupSource>>()));
        services.AddSingleton<JournalIsolation>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(
            provider => provider.GetRequiredService<JournalIsolation>());
        services.AddSingleton<PartitionKeeper>();
        services.AddHostedService<GracefulStop>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(
            provider => provider.GetRequiredService<PartitionKeeper>());
        AddRuntime(services, options);
        if (!options.IsAlone)
        {
            services.AddHostedService<DoorWatch>();
            services.AddSingleton<WarmUp>();
            services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(
                provider => provider.GetRequiredService<WarmUp>());
        }

        silo.Configure<GrainDirectoryOptions>(directory => directory.CacheSize = _directoryCacheSize);
        silo.AddPlacementDirector<PartitionPlacement, PartitionPlacementDirector>();
        return silo;
    }

    /// <summary>A silo that owns no partition: it knows the way to those of the others.</summary>
    public static ISiloBuilder WithoutPartitions(this ISiloBuilder silo) =>
        silo.Configure<GrainTypeOptions>(grains => grains.Classes.Remove(typeof(PartitionGrain)));

    /// <summary>The cluster's settings in a file.</summary>
    public static ISiloBuilder AddGrainsSettings(this ISiloBuilder silo, ClusterSettingsFile settings)
    {
        silo.Services.AddKeyedSingleton<IGrainStorage>(ClusterStorage.Name, settings);
        return silo;
    }

    private static ServingHere ServingHere(IServiceProvider services, bool isAlone)
    {
        LocalPartitions local = services.GetRequiredService<LocalPartitions>();
        PartitionReadiness readiness = services.GetRequiredService<PartitionReadiness>();
        return new ServingHere(
            services.GetRequiredService<ILocalSiloDetails>().Name,
            partition => local.TryGet(partition, out _),
            () => [.. local.All.Select(l => l.Id)],
            () => readiness.IsLeaving,
            isAlone);
    }

    /// <summary>What every partition that runs here shares.</summary>
    private static void AddRuntime(IServiceCollection services, GrainsSiloOptions options)
    {
        services.AddSingleton(provider => new PartitionEngine(
            (ILedJournal)provider.GetRequiredService<IJournal>(), provider.GetRequiredService<TimeProvider>(),
            options.Partition));
        services.AddSingleton(
            provider => new EngineLead(provider.GetRequiredService<PartitionRuntime>().Engine));
        services.AddSingleton(provider => new PartitionRuntime
        {
            Journal = provider.GetRequiredService<IJournal>(),
            Engine = provider.GetRequiredService<IJournal>() is ILedJournal
                ? provider.GetRequiredService<PartitionEngine>()
                : null,
            Server = provider.GetRequiredService<ILocalSiloDetails>().Name,
            Logs = provider.GetRequiredService<ILoggerFactory>(),
            Transfer = (target, command, cancel) =>
                provider.GetRequiredService<IPartitions>().ExecuteAsync(target, command, cancel),
            Time = provider.GetRequiredService<TimeProvider>(),
            Options = options.Partition,
            Data = provider.GetRequiredService<ServerMemory>().Data,
            Queues = provider.GetRequiredService<ServerMemory>().Queues,
            Limits = options.Limits,
            FormatLevel = () =>
                provider.GetRequiredService<ClusterSettingsView>().Settings?.FormatLevel ?? FormatLevels.Oldest,
            DeliverySecret = () => provider.GetRequiredService<ClusterSettingsView>().Settings?.DeliverySecret,
            IsPaused = () => provider.GetRequiredService<ClusterSettingsView>().Settings?.Paused is not null,
        });
    }
}

/// <summary>How a silo runs its partitions. Inert: checked where they are bound.</summary>
public sealed record GrainsSiloOptions
{
    /// <summary>This process is the whole cluster, and its membership begins anew at each start.</summary>
    public bool IsAlone { get; init; }

    public KeeperOptions Keeper { get; init; } = new();

    public RouterOptions Router { get; init; } = new();

    public PartitionOptions Partition { get; init; } = new();

    public MachineLimits Limits { get; init; } = new();
}
