using System.Collections.Concurrent;
using System.Net;
using System.Reflection;
using Grains.Silo.Cluster;
using Grains.Silo.Ownership;
using Grains.Silo.Partitions;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Tests.Partitions;

/// <summary>Members, grains and services as one server sees them, played by the test: no Orleans runtime.</summary>
internal sealed class PlayedCluster : IMembers, IServerServiceClient
{
    private readonly List<ClusterMember> _members = [];

    public PlayedCluster(int partitions, params string[] servers)
    {
        for (int i = 0; i < servers.Length; i++)
        {
            _members.Add(
                new ClusterMember(SiloAddress.New(IPAddress.Loopback, 11_111 + i, 1), SiloStatus.Active, servers[i]));
        }

        Settings.Publish(ClusterSettings.New(partitions, DateTimeOffset.UnixEpoch));
        Owners = new PartitionOwners(this, Settings, Leaving);
        Grains = PlayedGrains.Of(this);
    }

    public ClusterSettingsView Settings { get; } = new();

    public LeavingServers Leaving { get; } = new();

    public PartitionOwners Owners { get; }

    public IGrainFactory Grains { get; }

    /// <summary>Partitions that nobody takes, whatever they are told.</summary>
    public ConcurrentDictionary<PartitionId, bool> Untaken { get; } = new();

    /// <summary>Whose activation was asked for.</summary>
    public ConcurrentQueue<PartitionId> Activated { get; } = new();

    public IEnumerable<ClusterMember> Active => _members;

    public IReadOnlyList<ClusterMember> Hosts => _members;

    public SiloAddress AddressOf(string server) => _members.Single(m => m.Name == server).SiloAddress;

    public IServerService At(SiloAddress server) => new Service();

    private sealed class Service : IServerService
    {
        public Task<TimeSpan> Preload(PartitionId partition) => Task.FromResult(TimeSpan.Zero);

        public Task Leaving(SiloAddress server) => Task.CompletedTask;

        public Task Returned(SiloAddress server) => Task.CompletedTask;

        public Task<bool> ReachesJournal() => Task.FromResult(true);

        public Task SettingsChanged() => Task.CompletedTask;

        public Task<ServerReport> Describe() => throw new NotSupportedException();

        public Task<ServedPartitions> Serves() => throw new NotSupportedException();
    }
}

/// <summary>Orleans' factory, as far as it is asked here: the grain of a partition.</summary>
internal class PlayedGrains : DispatchProxy
{
    private PlayedCluster _cluster = null!;

    public static IGrainFactory Of(PlayedCluster cluster)
    {
        IGrainFactory factory = Create<IGrainFactory, PlayedGrains>();
        ((PlayedGrains)factory)._cluster = cluster;
        return factory;
    }

    protected override object Invoke(MethodInfo? targetMethod, object?[]? args) =>
        args is [GrainId id]
            ? PlayedPartition.Of(PartitionKey.Parse(id.Key.ToString()), _cluster)
            : throw new NotSupportedException($"{targetMethod} is not played here.");
}

/// <summary>
/// The grain of a partition. Made at run time: a class of this assembly that says it is a grain would be one to every
/// real silo of these tests.
/// </summary>
internal class PlayedPartition : DispatchProxy
{
    private PlayedCluster _cluster = null!;
    private PartitionId _id;

    public static IPartitionGrain Of(PartitionId id, PlayedCluster cluster)
    {
        IPartitionGrain grain = Create<IPartitionGrain, PlayedPartition>();
        (((PlayedPartition)grain)._id, ((PlayedPartition)grain)._cluster) = (id, cluster);
        return grain;
    }

    protected override object Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod?.ReturnType != typeof(Task<PartitionReport>))
        {
            throw new NotSupportedException($"{targetMethod} is not played here.");
        }

        _cluster.Activated.Enqueue(_id);
        bool isUntaken = _cluster.Untaken.TryGetValue(_id, out bool recovers);
        return Task.FromResult(new PartitionReport
        {
            Partition = _id,
            Phase = !isUntaken ? PartitionPhase.Served : recovers ? PartitionPhase.Recovering : PartitionPhase.Unowned,
        });
    }
}
