using System.Diagnostics;

namespace Grains.Checkers;

/// <summary>
/// What clients did, recorded as it happens. Safe for concurrent use. A process has one operation at a time; after an
/// unknown end its number is spent, because the operation may still be running somewhere.
/// </summary>
public sealed class History<TCall, TResult>
{
    private readonly Lock _gate = new();
    private readonly List<Operation<TCall, TResult>> _finished = [];
    private readonly Dictionary<int, Operation<TCall, TResult>> _running = [];
    private readonly Func<long> _nowNs;
    private readonly HistoryLog? _log;
    private int _lastProcess;

    /// <param name="log">Gets every event as a line of JSON, for a reader after a failure; may be null.</param>
    /// <param name="nowNs">A monotonic clock in ns; the machine's own by default.</param>
    public History(HistoryLog? log = null, Func<long>? nowNs = null)
    {
        _log = log;
        _nowNs = nowNs ?? (() => Stopwatch.GetTimestamp() * (1_000_000_000L / Stopwatch.Frequency));
    }

    public int OkCount { get; private set; }

    public int FailCount { get; private set; }

    public int UnknownCount { get; private set; }

    /// <summary>A number no operation was recorded under yet.</summary>
    public int NewProcess() => Interlocked.Increment(ref _lastProcess);

    public void Invoke(int process, string key, TCall call)
    {
        lock (_gate)
        {
            var operation = new Operation<TCall,
            TResult> { Process = process, Key = key, Call = call, CallNs = _nowNs() };
            if (!_running.TryAdd(process, operation))
            {
                throw new InvalidOperationException($"Process {process} already runs {_running[process]}.");
            }

            _log?.Write(process, "invoke", key, call, operation.CallNs);
        }
    }

    /// <summary>It ended, and the answer is known. A refusal that tells about the state is an answer too.</summary>
    public void Ok(int process, TResult result)
    {
        lock (_gate)
        {
            Operation<TCall,
            TResult> operation = End(process, "ok", result) with { ReturnNs = _nowNs(), Result = result };
            _finished.Add(operation);
            OkCount++;
        }
    }

    /// <summary>It certainly changed nothing and told nothing, so that it never happened.</summary>
    public void Fail(int process, string why)
    {
        lock (_gate)
        {
            End(process, "fail", why);
            FailCount++;
        }
    }

    /// <summary>Nobody knows whether it happened. Returns the number under which this client goes on.</summary>
    public int Unknown(int process, string why)
    {
        lock (_gate)
        {
            _finished.Add(End(process, "info", why));
            UnknownCount++;
        }

        return NewProcess();
    }

    /// <summary>All operations so far; those still running are given with an unknown end.</summary>
    public IReadOnlyList<Operation<TCall, TResult>> Operations()
    {
        lock (_gate)
        {
            return [.. _finished, .. _running.Values];
        }
    }

    private Operation<TCall, TResult> End(int process, string phase, object? outcome)
    {
        if (!_running.Remove(process, out Operation<TCall, TResult>? operation))
        {
            throw new InvalidOperationException($"Process {process} runs nothing that could end.");
        }

        _log?.Write(process, phase, operation.Key, outcome, _nowNs());
        return operation;
    }
}
