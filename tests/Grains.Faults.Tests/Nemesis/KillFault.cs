using Grains.Faults.Tests.World;

namespace Grains.Faults.Tests.Nemesis;

/// <summary>SIGKILL, and a new process of the same name afterwards.</summary>
internal sealed class KillFault() : Fault("SIGKILL")
{
    public override Task StrikeAsync(ServerProcess victim)
    {
        victim.Kill();
        return Task.CompletedTask;
    }

    public override Task RepairAsync(ServerProcess victim) => victim.StartAsync();
}
