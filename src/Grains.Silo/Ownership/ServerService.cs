using System.Diagnostics;
using System.Reflection;
using Grains.Silo.Cluster;
using Grains.Silo.Loops;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Grains.Silo.Ownership;

/// <summary>One server's answers to the others. Interleaves; what takes long is done elsewhere.</summary>
internal sealed class ServerService(
    GrainId id, Orleans.Runtime.Silo silo, ILoggerFactory loggers, ServerParts parts) : GrainService(id, silo,
    loggers), IServerService
{
    private static readonly string _version =
        typeof(ServerService).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            ?? "0";

    private static readonly DateTimeOffset _startedAt = Process.GetCurrentProcess().StartTime;

    public Task<TimeSpan> Preload(PartitionId partition) => parts.Preloads.Value.ReadAsync(partition);

    public Task Leaving(SiloAddress server)
    {
        parts.Leaving.Add(server);
        return Task.CompletedTask;
    }

    public Task Returned(SiloAddress server)
    {
        parts.Leaving.Remove(server);
        return Task.CompletedTask;
    }

    public Task<bool> ReachesJournal() => parts.JournalIsolation.Value.ReachesJournalAsync();

    public Task SettingsChanged() => parts.Settings.RefreshAsync();

    public Task<ServerReport> Describe() => Task.FromResult(new ServerReport
    {
        Name = parts.Address.Name,
        Version = _version,
        FormatLevelKnown = FormatLevels.Newest,
        Partitions = parts.Local.Count,
        StateBytes = parts.Local.StateBytes,
        StartedAt = _startedAt,
        IsLeaving = parts.Leaving.Contains(parts.Address.SiloAddress),
        IsIsolated = parts.JournalIsolation.Value.IsIsolated,
        MembershipVersion = parts.Membership.Number,
    });
}

/// <summary>
/// What a server's answers are made of. One without partitions has no journal, and is never asked to read ahead.
/// </summary>
internal sealed record ServerParts(
    LocalPartitions Local,
    Lazy<PartitionPreloads> Preloads,
    Lazy<JournalIsolation> JournalIsolation,
    LeavingServers Leaving,
    ClusterSettingsReader Settings,
    MembershipView Membership,
    ILocalSiloDetails Address);
