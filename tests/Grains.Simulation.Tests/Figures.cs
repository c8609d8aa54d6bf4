using System.Diagnostics;
using Grains.Silo.Partitions;

namespace Grains.Simulation.Tests;

/// <summary>How much was run: a simulation in which little happens proves little.</summary>
internal sealed class Figures
{
    private readonly long _begun = Stopwatch.GetTimestamp();
    private readonly SortedDictionary<LoopEndReason, int> _ends = [];
    private TimeSpan _virtual;
    private long _steps;
    private int _seeds;
    private int _ok;
    private int _failed;
    private int _unknown;
    private int _sent;
    private int _deliveries;
    private int _commits;
    private int _answers;

    public void Add(RunResult result)
    {
        _seeds++;
        _virtual += result.VirtualTime;
        _steps += result.World.Kernel.Steps;
        _ok += result.Record.Keys.OkCount;
        _failed += result.Record.Keys.FailCount;
        _unknown += result.Record.Keys.UnknownCount;
        _sent += result.Record.Sent.Count;
        _deliveries += result.Record.Deliveries.Count;
        _commits += result.Record.Commits.Count;
        _answers += result.World.Network.Answers.Count;
        foreach ((LoopEndReason reason, int count) in result.World.Ends)
        {
            _ends[reason] = _ends.GetValueOrDefault(reason) + count;
        }
    }

    public override string ToString() =>
        $"{_seeds} seeds, {_virtual.TotalHours:F2} virtual hours in {Stopwatch.GetElapsedTime(_begun).TotalSeconds:F1} s, {_steps} steps; "
        + $"keys: {_ok} known, {_failed} not done, {_unknown} unknown; {_sent} messages, {_deliveries} deliveries, "
        + $"{_commits} commits; {_answers} answers; loops ended: {string.Join(", ", _ends.Select(e => $"{e.Key} {e.Value}"))}";
}
