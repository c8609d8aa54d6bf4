using System.Diagnostics;
using Grains.Faults.Tests.Workload;
using Grains.Faults.Tests.World;

namespace Grains.Faults.Tests.Nemesis;

/// <summary>
/// A server is told to give all its partitions away, and then to take its share again. It serves clients all the while.
/// </summary>
internal sealed class DrainFault() : Fault("drain and resume")
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _pollPeriod = TimeSpan.FromMilliseconds(50);

    public override IReadOnlyList<ServerProcess> Avoid(ServerProcess victim) => [];

    public override Task StrikeAsync(ServerProcess victim) => DrainAsync(victim, Run.NewCaller(), Run.View);

    public override Task RepairAsync(ServerProcess victim) => TellAsync(victim, Run.NewCaller(), "resume");

    /// <summary>Returns when it has no partition any more.</summary>
    public static async Task DrainAsync(ServerProcess victim, Caller caller, ClusterView view)
    {
        await TellAsync(victim, caller, "drain");
        for (var waited = Stopwatch.StartNew();
             ClusterView.Counts(await view.PartitionsAsync()).ContainsKey(victim.Name);
             await Task.Delay(_pollPeriod))
        {
            Assert.True(
                waited.Elapsed < _deadline,
                $"{victim.Name} still has partitions {_deadline.TotalSeconds} s after it was told to drain.");
        }
    }

    private static async Task TellAsync(ServerProcess victim, Caller caller, string what)
    {
        Reply reply = await caller.PostJsonAsync($"/v1/cluster/servers/{victim.Name}:{what}", "");
        Assert.True(reply.Is(202), $"{victim.Name} was told to {what}: {reply}");
    }
}
