using Grains.Faults.Tests.World;

namespace Grains.Faults.Tests.Nemesis;

/// <summary>SIGSTOP, and SIGCONT after a while.</summary>
internal sealed class FreezeFault(TimeSpan length) : ZombieFault($"SIGSTOP {length.TotalSeconds} s", length)
{
    protected override void Take(ServerProcess victim) => victim.Freeze();

    protected override void Release(ServerProcess victim) => victim.Thaw();
}
