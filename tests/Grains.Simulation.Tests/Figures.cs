using System.Diagnostics;

namespace Grains.Simulation.Tests;

/// <summary>How much was run: a simulation in which little happens proves little.</summary>
internal sealed class Figures
{
    private static readonly string[] _mustCome =
    [
        "appends Fenced", "appends Refused", "appends Unknown", "calls by a router",
        "calls by a router without an answer",
        "checkpoints failed", "commands repeated", "crashes", "flushes that an engine led", "hand-overs of all",
        "leases handed over",
        "loops Fenced", "loops HandedOver", "loops Undecided", "messages for a time", "messages with a delay",
        "pauses", "preloads", "reads of the past", "replies Open", "replies Replied", "stalls told",
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

    /// <summary>Any thread.</summary>
    public void Add(RunResult result)
    {
        lock (_counts)
        {
            AddOne(result);
        }
    }

    private void AddOne(RunResult result)
    {
        _seeds++;
        _trace ^= result.Trace;
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

    /// <summary>Faults that never came, or clients that learned little; null = enough of all.</summary>
    public string? WhyHollow =>
        _commits < 10 * _seeds ? "few commits"
        : _unknown > (_ok / 5) ? "much is not known"
        : Array.Find(_mustCome, what => !_counts.ContainsKey(what)) is { } missing ? $"never {missing}"
        : null;

    public override string ToString() =>
        $"{_seeds} seeds, trace {_trace:x16}, {_virtual.TotalHours:F2} virtual hours in "
        + $"{Stopwatch.GetElapsedTime(_begun).TotalSeconds:F1} s, {_steps} steps; "
        + $"keys: {_ok} known, {_failed} not done, {_unknown} unknown; {_sent} messages, {_deliveries} deliveries, "
        + $"{_commits} commits; {_answers} answers; {string.Join(", ", _counts.Select(c => $"{c.Key} {c.Value}"))}";
}
