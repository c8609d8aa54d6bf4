using Grains.Simulation.Tests.Workload;
using Grains.Simulation.Tests.World;

namespace Grains.Simulation.Tests;

/// <summary>What came of one seed.</summary>
internal sealed record RunResult(int Seed, SimWorld World, RunRecord Record)
{
    public bool IsSound => World.Violations.Count == 0;

    public ulong Trace => World.Kernel.Trace;

    public TimeSpan VirtualTime => TimeSpan.FromTicks(World.Kernel.NowTicks);

    public string Repeat =>
        $"repeat with: GRAINS_SEED={Seed} dotnet test tests/Grains.Simulation.Tests --filter SimulationTests";

    public override string ToString() =>
        $"seed {Seed}: {string.Join("\n", World.Violations)}\n{Repeat}";
}
