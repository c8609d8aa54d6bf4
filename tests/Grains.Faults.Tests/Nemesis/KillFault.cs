using Grains.Faults.Tests.World;

namespace Grains.Faults.Tests.Nemesis;

/// <summary>SIGKILL to one or more servers at once, and new processes of the same names afterwards.</summary>
/// <param name="servers">Of the cluster, from which as many are killed, the victim first.</param>
internal sealed class KillFault(IReadOnlyList<ServerProcess> servers, int count)
    : Fault(count == 1 ? "SIGKILL" : $"SIGKILL to {count} of {servers.Count}")
{
    /// <summary>Nobody is left to serve: what is killed is started at once, and clients use what there is.</summary>
    private bool IsAll => count == servers.Count;

    public override IReadOnlyList<ServerProcess> Avoid(ServerProcess victim) => IsAll ? [] : Killed(victim);

    public override async Task StrikeAsync(ServerProcess victim)
    {
        foreach (ServerProcess server in Killed(victim))
        {
            server.Kill();
        }

        if (IsAll)
        {
            await StartAsync(victim);
        }
    }

    public override Task RepairAsync(ServerProcess victim) => IsAll ? Task.CompletedTask : StartAsync(victim);

    private ServerProcess[] Killed(ServerProcess victim) =>
        [victim, .. servers.Where(s => s != victim).Take(count - 1)];

    private Task StartAsync(ServerProcess victim) => Task.WhenAll(Killed(victim).Select(s => s.StartAsync()));
}
