using Grains.Operations.Access;
using Grains.Operations.Backups;
using Grains.Operations.Cluster;
using Grains.Operations.Declarations;
using Grains.Operations.Deliveries;
using Grains.Operations.Explanations;
using Grains.Operations.Keyspaces;
using Grains.Operations.Messages;
using Grains.Operations.Nodes;
using Grains.Operations.Replies;
using Grains.Operations.Services;
using Grains.Operations.Timers;
using Grains.Operations.Waits;
using Grains.Silo.Loops;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Grains.Operations;

/// <summary>What a caller can do, whatever door they come through.</summary>
public static class OperationsExtensions
{
    /// <summary>The operations, over partitions that are registered elsewhere; a second call adds nothing.</summary>
    public static IServiceCollection AddGrainsOperations(this IServiceCollection services)
    {
        if (services.Any(s => s.ServiceType == typeof(DeclarationCatalog)))
        {
            return services;
        }

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(_ => LocalPartitions.OfProcess());
        services.TryAddSingleton(provider => KeyRing.Open(
            provider.GetRequiredService<IOptions<AccessOptions>>().Value.KeysFile,
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<AccessKeeper>();
        services.AddHostedService(provider => provider.GetRequiredService<AccessKeeper>());
        services.AddSingleton<KeyGuesses>();
        services.AddSingleton<SystemKeyspace>();
        services.AddSingleton<DeclarationCatalog>();
        services.AddSingleton<ServiceCalls>();
        services.AddSingleton<WaitingRoom>();
        services.AddSingleton<ServiceReceives>();
        services.AddSingleton<KeyspaceOperations>();
        services.AddSingleton<KeyOperations>();
        services.AddSingleton<KeyActionOperations>();
        services.AddSingleton<KeyBatchOperations>();
        services.AddSingleton<ServiceOperations>();
        services.AddSingleton<MessageOperations>();
        services.AddSingleton<ReplyOperations>();
        services.AddSingleton<NodeOperations>();
        services.AddSingleton<TimerOperations>();
        services.AddSingleton<ReceiveOperations>();
        services.AddSingleton<DeliveryOperations>();
        services.AddSingleton<ExplainOperations>();
        services.AddSingleton<ClusterOperations>();
        services.AddSingleton<BackupOperations>();
        services.AddHostedService<OldestMessages>();
        services.AddSingleton<DropSweeper>();
        services.AddHostedService(provider => provider.GetRequiredService<DropSweeper>());
        return services;
    }
}
