using Grains.Faults.Tests.World;

namespace Grains.Faults.Tests.Nemesis;

/// <summary>SIGTERM, which ends with exit code 0, and a new process of the same name afterwards.</summary>
internal sealed class StopFault() : Fault("SIGTERM")
{
    public override Task StrikeAsync(ServerProcess victim) => victim.StopAsync();

    public override Task RepairAsync(ServerProcess victim) => victim.StartAsync();
}
