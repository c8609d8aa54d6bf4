using System.Diagnostics;
using System.Reflection;
using Grains.Silo.Cluster;
using Grains.Silo.Loops;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging;

namespace Grains.Silo.Ownership;

/// <summary>One server's answers to the others. Interleaves; what takes long is done elsewhere.</summary>
internal sealed class ServerService(
    GrainId id,
    Orleans.Runtime.Silo silo,
    ILoggerFactory loggers,
    LocalPartitions local,
    PartitionPreloads preloads,
    JournalIsolation isolation,
    LeavingServers leaving,
    ClusterSettingsReader settings,
    MembershipView membership,
    PartitionDoors doors,
    ILocalSiloDetails address)
    : GrainService(id, silo, loggers), IServerService
{
    private static readonly string _version =
        typeof(ServerService).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            ?? "0";

    private static readonly DateTimeOffset _startedAt = Process.GetCurrentProcess().StartTime;

    public Task<TimeSpan> Preload(PartitionId partition) => preloads.ReadAsync(partition);

    public Task Leaving(SiloAddress server)
    {
        leaving.Add(server);
        return Task.CompletedTask;
    }

    public Task Returned(SiloAddress server)
    {
        leaving.Remove(server);
        return Task.CompletedTask;
    }

    public Task<bool> ReachesJournal() => isolation.ReachesJournalAsync();

    public Task SettingsChanged() => settings.RefreshAsync();

    public Task<ServedPartitions> Serves() => Task.FromResult(doors.Own);

    public Task<ServerReport> Describe() => Task.FromResult(new ServerReport
    {
        Name = address.Name,
        Version = _version,
        FormatLevelKnown = FormatLevels.Newest,
        Partitions = local.Count,
        StateBytes = local.StateBytes,
        StartedAt = _startedAt,
        IsLeaving = leaving.Contains(address.SiloAddress),
        IsIsolated = isolation.IsIsolated,
        MembershipVersion = membership.Number,
    });
}
