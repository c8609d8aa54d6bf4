using Grains.Faults.Tests.World;

namespace Grains.Faults.Tests.Nemesis;

/// <summary>
/// Something that goes wrong with a cluster, and what brings it back to where it was. Used again and again.
/// </summary>
internal abstract class Fault(string name)
{
    /// <summary>In figures.</summary>
    public string Name => name;

    /// <summary>What else it found out about all its repetitions, for the figures.</summary>
    public virtual string Note => "";

    /// <summary>
    /// The servers through which nothing can be expected meanwhile, and whose partitions count as hit. Empty: it is
    /// about all partitions and no server.
    /// </summary>
    public virtual IReadOnlyList<ServerProcess> Avoid(ServerProcess victim) => [victim];

    /// <summary>Under whose load it happens next.</summary>
    protected ClusterRun Run { get; private set; } = null!;

    /// <summary>Before it happens, under the load of this run, to this server, which has these partitions.</summary>
    public Task PrepareAsync(ClusterRun run, ServerProcess victim, IReadOnlySet<uint> owned)
    {
        Run = run;
        return PrepareAsync(victim, owned);
    }

    /// <summary>What clients do before it happens.</summary>
    protected virtual Task PrepareAsync(ServerProcess victim, IReadOnlySet<uint> owned) => Task.CompletedTask;

    /// <summary>Returns when it has happened.</summary>
    public abstract Task StrikeAsync(ServerProcess victim);

    /// <summary>Once every partition is written again; returns when all servers run again.</summary>
    public abstract Task RepairAsync(ServerProcess victim);
}
