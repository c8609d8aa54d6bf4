using System.Net;
using Grains.Operations;
using Grains.Operations.Access;
using Grains.Resp.Cluster;
using Grains.Resp.Commands;
using Grains.Resp.Connections;
using Grains.Resp.Sessions;
using Grains.Silo.Budgets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Grains.Resp;

/// <summary>The protocol of Redis, over operations.</summary>
public static class RespExtensions
{
    public static IServiceCollection AddGrainsResp(this IServiceCollection services, Action<RespOptions> configure)
    {
        services.Configure(configure);
        services.AddGrainsOperations();
        services.TryAddSingleton(_ => new ServerMemory(MemoryShares.OfProcess));
        services.AddSingleton<RespPort>();
        services.AddSingleton<ClusterMap>();
        services.AddSingleton<RespAccess>();
        services.AddSingleton<RespAudit>();
        services.AddSingleton<IRefusalLog>(provider => provider.GetRequiredService<RespAudit>());
        services.AddSingleton<OpenSessions>();
        services.AddSingleton<Databases>();
        services.AddSingleton<ScanCursors>();
        services.AddSingleton<KeyRunner>();
        services.AddSingleton<SessionCommands>();
        services.AddSingleton<ServerCommands>();
        services.AddSingleton<ClientCommands>();
        services.AddSingleton<ClusterCommands>();
        services.AddSingleton<TransactionCommands>();
        services.AddSingleton<ScanCommands>();
        services.AddSingleton<CommandTable>();
        services.AddSingleton<CommandRunner>();
        services.AddSingleton<ClientSessions>();
        services.AddSingleton<RespListener>();
        services.AddHostedService(provider => provider.GetRequiredService<RespListener>());
        return services;
    }

    /// <summary>Where clients of Redis connect; null = nowhere.</summary>
    public static IPEndPoint? RespAddress(this IServiceProvider services) =>
        services.GetService<RespListener>()?.Address;
}
