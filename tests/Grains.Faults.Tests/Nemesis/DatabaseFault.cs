using Grains.Faults.Tests.Workload;
using Grains.Faults.Tests.World;

namespace Grains.Faults.Tests.Nemesis;

/// <summary>The database is gone and comes back; the servers go on with what they have in memory.</summary>
internal abstract class DatabaseFault(string name) : Fault(name)
{
    private readonly Pauses _untilWritten = new();
    private Dictionary<uint, long> _epochs = [];
    private int _acquiredAgain;
    private long _acceptsNs;

    public override string Note =>
        $"first success after it accepts connections {_untilWritten}; {_acquiredAgain} partitions acquired again";

    /// <summary>From connections accepted to a write acknowledged, per partition.</summary>
    public Pauses UntilWritten => _untilWritten;

    public int AcquiredAgain => _acquiredAgain;

    public override IReadOnlyList<ServerProcess> Avoid(ServerProcess victim) => [];

    protected override async Task PrepareAsync(ServerProcess victim, IReadOnlySet<uint> owned) =>
        _epochs = await EpochsAsync();

    public override async Task StrikeAsync(ServerProcess victim)
    {
        await StrikeAsync();
        _acceptsNs = LoadRecord.NowNs();
    }

    public override async Task RepairAsync(ServerProcess victim)
    {
        foreach (PartitionWriter writer in Run.Probes.Writers)
        {
            _untilWritten.Add(writer.FirstSuccessAfter(_acceptsNs));
        }

        _acquiredAgain += (await EpochsAsync()).Count(p => _epochs[p.Key] != p.Value);
    }

    /// <summary>Returns when it accepts connections again.</summary>
    protected abstract Task StrikeAsync();

    private async Task<Dictionary<uint, long>> EpochsAsync() =>
        (await Run.View.PartitionsAsync()).ToDictionary(p => p.Partition, p => p.Epoch);
}
