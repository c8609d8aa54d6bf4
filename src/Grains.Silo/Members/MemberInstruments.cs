using System.Diagnostics.Metrics;
using Grains.Silo.Telemetry;

namespace Grains.Silo.Members;

/// <summary>What is counted about connections between servers.</summary>
internal static class MemberInstruments
{
    private static readonly Counter<long> _refused = GrainsMeter.Instance.CreateCounter<long>(
        "grains.members.refused", "{connection}",
        "Connections between servers that ended before both ends had proved who they are.");

    public static void CountRefused() => _refused.Add(1);
}
