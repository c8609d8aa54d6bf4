using Grains.Checkers;
using Grains.Checkers.Deliveries;
using Grains.Checkers.Linearizability;
using Grains.Checkers.Messages;
using Grains.Checkers.Registers;
using Grains.Checkers.Witnesses;
using Grains.Faults.Tests.Workload;

namespace Grains.Faults.Tests.Checks;

/// <summary>Holds what the clients know against what the server holds, after the last restart.</summary>
internal sealed class FinalChecks(Caller caller, LoadRecord record)
{
    private readonly Names _names = record.Names;
    private readonly FinalState _state = new(caller, record.Names);
    private readonly List<string> _violations = [];

    private static readonly TimeSpan _stopDeadline = TimeSpan.FromSeconds(30);

    /// <summary>Needs receivers running; they are stopped when everything is drained, or time is over.</summary>
    public async Task<Findings> RunAsync(MixedLoad load, TimeSpan drainDeadline)
    {
        bool drained = await _state.IsDrainedAsync(drainDeadline);
        await load.StopReceivingAsync(_stopDeadline);
        if (!drained)
        {
            _violations.Add("messages were still waiting or under way when the time was over");
        }

        _violations.AddRange(record.Violations);
        int lost = await CheckOnceKeysAsync() + await CheckMessagesAsync();
        await CheckCountersAsync();
        await CheckRegistersAsync();
        _violations.AddRange(DeliveriesCheck.Check(record.Deliveries));
        _violations.AddRange(WitnessCheck.Check(record.Witnesses, dense: false));
        return new Findings(lost, _violations);
    }

    private async Task<int> CheckOnceKeysAsync()
    {
        ExactlyOnceResult result = ExactlyOnceCheck.Check(record.OnceKeys, await _state.KeysAsync(_names.Once));
        Report("keys put once", result);
        return result.Lost.Count;
    }

    private async Task<int> CheckMessagesAsync()
    {
        ExactlyOnceResult intake = ExactlyOnceCheck.Check(record.Messages, await _state.LabelsAsync(_names.Intake));
        Report("messages sent", intake);
        ExactlyOnceResult ledger = ExactlyOnceCheck.Check(record.Messages, await _state.LabelsAsync(_names.Ledger));
        Report("messages sent on", ledger);
        return intake.Lost.Union(ledger.Lost).Count();
    }

    private async Task CheckCountersAsync()
    {
        (Dictionary<string, long> held, Dictionary<string, long> counted) = await _state.CountersAsync();
        _violations.AddRange(CountersCheck.Check(held, new Dictionary<string, long>(), counted));
    }

    /// <summary>
    /// Every key is read once more: so an acknowledged write that is gone is a history that cannot be.
    /// </summary>
    private async Task CheckRegistersAsync()
    {
        var reader = new KeyClient(-1, seed: 0, caller, record);
        foreach (string name in record.Registers.Operations().Select(o => o.Key).Distinct().ToList())
        {
            int slash = name.IndexOf('/', StringComparison.Ordinal);
            if (!await reader.GetAsync(name[..slash], name[(slash + 1)..]))
            {
                _violations.Add($"{name} could not be read at the end");
            }
        }

        IReadOnlyList<Operation<RegisterCall, RegisterResult>> operations = record.Registers.Operations();
        foreach ((string key, WglResult result) in WglChecker.CheckKeys(new RegisterModel(), operations))
        {
            _violations.Add($"the history of {key} is {result.Verdict}: {result.Explanation}");
        }
    }

    private void Report(string what, ExactlyOnceResult result)
    {
        if (!result.Holds)
        {
            _violations.Add($"{what}: {result}");
        }
    }
}
