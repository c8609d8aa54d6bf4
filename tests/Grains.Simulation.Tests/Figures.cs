using System.Diagnostics;

namespace Grains.Simulation.Tests;

/// <summary>How much was run: a simulation in which little happens proves little.</summary>
internal sealed class Figures
{
    private static readonly string[] _mustCome =
    [
        "appends Fenced", "appends Refused", "appends Unknown", "commands repeated", "crashes", "leases handed over",
        "loops Fenced", "loops HandedOver", "loops Undecided", "pauses", "preloads", "reads of the past", "replies Open", "replies Replied", "stalls told",
        "transfers repeated", "truncations",
    ];

    private readonly long _begun = Stopwatch.GetTimestamp();
    private readonly SortedDictionary<string, int> _counts = new(StringComparer.Ordinal);
    private ulong _trace;
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
        _trace = (_trace * 31) + result.Trace;
        _virtual += result.VirtualTime;
        _steps += result.World.Kernel.Steps;
        _ok += result.Record.Keys.OkCount;
        _failed += result.Record.Keys.FailCount;
        _unknown += result.Record.Keys.UnknownCount;
        _sent += result.Record.Sent.Count;
        _deliveries += result.Record.Deliveries.Count;
        _commits += result.Record.Commits.Count;
        _answers += result.World.Network.Answers.Count;
        foreach ((string what, int count) in result.World.Counts)
        {
            _counts[what] = _counts.GetValueOrDefault(what) + count;
        }
    }

    /// <summary>Faults that never came, or clients that learned little.</summary>
    public bool IsHollow => _commits < 10 * _seeds || _unknown > (_ok / 5) || _mustCome.Any(what => !_counts.ContainsKey(what));

    public override string ToString() =>
        $"{_seeds} seeds, trace {_trace:x16}, {_virtual.TotalHours:F2} virtual hours in {Stopwatch.GetElapsedTime(_begun).TotalSeconds:F1} s, {_steps} steps; "
        + $"keys: {_ok} known, {_failed} not done, {_unknown} unknown; {_sent} messages, {_deliveries} deliveries, "
        + $"{_commits} commits; {_answers} answers; {string.Join(", ", _counts.Select(c => $"{c.Key} {c.Value}"))}";
}
