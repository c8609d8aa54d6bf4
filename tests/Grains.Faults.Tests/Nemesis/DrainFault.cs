using System.Diagnostics;
using Grains.Faults.Tests.Workload;
using Grains.Faults.Tests.World;

namespace Grains.Faults.Tests.Nemesis;

/// <summary>A server is told to give all its partitions away, and then to take its share again. It serves clients all the while.</summary>
internal sealed class DrainFault(Caller caller, ClusterView view) : Fault("drain and resume")
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _pollPeriod = TimeSpan.FromMilliseconds(50);

    public override IReadOnlyList<ServerProcess> Avoid(ServerProcess victim) => [];

    public override async Task StrikeAsync(ServerProcess victim)
    {
        await TellAsync(victim, "drain");
        for (var waited = Stopwatch.StartNew();
             ClusterView.Counts(await view.PartitionsAsync()).ContainsKey(victim.Name);
             await Task.Delay(_pollPeriod))
        {
            Assert.True(waited.Elapsed < _deadline, $"{victim.Name} still has partitions {_deadline.TotalSeconds} s after it was told to drain.");
        }
    }

    public override Task RepairAsync(ServerProcess victim) => TellAsync(victim, "resume");

    private async Task TellAsync(ServerProcess victim, string what)
    {
        Reply reply = await caller.PostJsonAsync($"/v1/cluster/servers/{victim.Name}:{what}", "");
        Assert.True(reply.Is(202), $"{victim.Name} was told to {what}: {reply}");
    }
}
