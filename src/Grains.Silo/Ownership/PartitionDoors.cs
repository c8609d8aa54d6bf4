using System.Collections.Frozen;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Ownership;

/// <summary>
/// Which server serves each partition and where clients reach it, as far as this one has heard: what clients that go
/// straight to owners are told. It may be a moment old. That costs a detour and nothing else: a server that does not
/// have a partition finds the way to it. Any thread.
/// </summary>
/// <param name="here">This server.</param>
public sealed class PartitionDoors(ServingHere here)
{
    private volatile Heard _heard = Heard.Nothing;
    private volatile ClientDoor? _own;

    /// <summary>Told after this server has opened its door: from then on it wants to hear of the others.</summary>
    public event Action? Opened;

    public bool IsOpen => _own is not null;

    /// <summary>There may be others.</summary>
    public bool AreMany => !here.IsAlone;

    /// <summary>This server, then those of the others that were heard of last.</summary>
    public IEnumerable<ServedPartitions> All => _heard.Others.Prepend(Own);

    /// <summary>What this server says of itself: clients are not to come any more once it is about to stop.</summary>
    public ServedPartitions Own => new()
    {
        Server = here.Server,
        Door = here.IsLeaving() ? null : _own,
        Partitions = here.Partitions(),
    };

    /// <summary>Clients reach this server there; null = no more.</summary>
    public void Open(ClientDoor? door)
    {
        _own = door;
        if (door is not null)
        {
            Opened?.Invoke();
        }
    }

    /// <summary>Another server that serves it and that clients reach; null = none that is known to.</summary>
    public ServedPartitions? Elsewhere(PartitionId partition) =>
        here.Serves(partition) ? null : _heard.WithDoor.GetValueOrDefault(partition);

    /// <summary>What the others said, all of it. Who said nothing is not there.</summary>
    public void Hear(IEnumerable<ServedPartitions> others) => _heard = new Heard([.. others]);

    private sealed class Heard(ServedPartitions[] others)
    {
        public static readonly Heard Nothing = new([]);

        public ServedPartitions[] Others => others;

        public FrozenDictionary<PartitionId, ServedPartitions> WithDoor { get; } = others
            .Where(o => o.Door is not null)
            .OrderBy(o => o.Server, StringComparer.Ordinal)
            .SelectMany(o => o.Partitions.Select(p => (Partition: p, Server: o)))
            .DistinctBy(s => s.Partition)
            .ToFrozenDictionary(s => s.Partition, s => s.Server);
    }
}

/// <summary>This server as it is now.</summary>
/// <param name="Server">Its name.</param>
/// <param name="Serves">It serves this partition.</param>
/// <param name="Partitions">All that it serves.</param>
/// <param name="IsLeaving">It is about to stop.</param>
/// <param name="IsAlone">It is the whole cluster, and stays so.</param>
public sealed record ServingHere(
    string Server, Func<PartitionId, bool> Serves, Func<PartitionId[]> Partitions, Func<bool> IsLeaving, bool IsAlone);
