using System.Diagnostics;
using System.Text;

namespace Grains.Checkers.Linearizability;

/// <summary>One run of <see cref="WglChecker"/>.</summary>
internal sealed class WglSearch<TState, TCall, TResult>
    where TState : notnull, IEquatable<TState>
{
    private readonly ISequentialModel<TState, TCall, TResult> _model;
    private readonly IReadOnlyList<Operation<TCall, TResult>> _operations;
    private readonly WglLimits _limits;
    private readonly EventList _events;
    private readonly ulong[] _zobrist;
    private readonly ulong[] _linearized;
    private readonly HashSet<Configuration<TState>> _seen = [];
    private readonly Stack<(int Entry, TState State, bool Forced)> _path = new();
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private int[] _longest = [];
    private TState _state;
    private ulong _hash;
    private int _left;

    public WglSearch(
        ISequentialModel<TState, TCall, TResult> model,
        IReadOnlyList<Operation<TCall, TResult>> operations,
        WglLimits limits)
    {
        _model = model;
        _operations = operations;
        _limits = limits;
        _events = new EventList([.. operations.Select(o => (o.CallNs, o.IsKnown ? o.ReturnNs : (long?)null))]);
        _linearized = new ulong[(operations.Count + 63) / 64];

        // The numbers only spread the hash: equality is decided on the sets themselves.
        var numbers = new Random(operations.Count);
        _zobrist = [.. operations.Select(_ => (ulong)numbers.NextInt64())];
        _state = model.Initial;
        _left = operations.Count(o => o.IsKnown);
    }

    public WglResult Run()
    {
        int entry = _events.First;
        while (_left > 0)
        {
            if (_seen.Count > _limits.ConfigurationsMax || Stopwatch.GetElapsedTime(_startedAt) > _limits.TimeMax)
            {
                return new WglResult(Verdict.Unknown, $"gave up after {_seen.Count} configurations\n{Explain()}");
            }

            if (entry >= 0 && _events.IsCall(entry))
            {
                entry = TryTake(entry) ? _events.First : _events.Next(entry);
                continue;
            }

            // A return whose call is not in the order yet, or the end: what was chosen last was wrong.
            if (!TryBacktrack(out entry))
            {
                return new WglResult(Verdict.Illegal, Explain());
            }
        }

        return WglResult.Linearizable;
    }

    private bool TryTake(int entry)
    {
        int index = _events.OperationOf(entry);
        Operation<TCall, TResult> operation = _operations[index];
        if (!_model.TryStep(_state, operation, out TState next))
        {
            return false;
        }

        ulong hash = _hash ^ _zobrist[index];
        var linearized = (ulong[])_linearized.Clone();
        linearized[index / 64] |= 1ul << (index % 64);
        if (!_seen.Add(new Configuration<TState>(hash, linearized, next)))
        {
            return false;
        }

        // A completed operation that fits and changes nothing has no better place than here: no branching on it.
        bool forced = operation.IsKnown && next.Equals(_state);
        _path.Push((entry, _state, forced));
        _state = next;
        _hash = hash;
        linearized.CopyTo(_linearized, 0);
        _events.Lift(entry);
        if (operation.IsKnown)
        {
            _left--;
        }

        if (_path.Count > _longest.Length)
        {
            _longest = [.. _path.Reverse().Select(step => _events.OperationOf(step.Entry))];
        }

        return true;
    }

    private bool TryBacktrack(out int entry)
    {
        bool forced;
        do
        {
            if (!_path.TryPop(out (int Entry, TState State, bool Forced) step))
            {
                entry = -1;
                return false;
            }

            entry = step.Entry;
            forced = step.Forced;
            int index = _events.OperationOf(entry);
            _state = step.State;
            _hash ^= _zobrist[index];
            _linearized[index / 64] &= ~(1ul << (index % 64));
            _events.Restore(entry);
            if (_operations[index].IsKnown)
            {
                _left++;
            }
        }
        while (forced);

        entry = _events.Next(entry);
        return true;
    }

    private string Explain()
    {
        const int shown = 12;
        var text = new StringBuilder();
        TState state = _model.Initial;
        text.AppendLine($"longest possible order: {_longest.Length} of {_operations.Count} operations; its end:");
        for (int i = 0; i < _longest.Length; i++)
        {
            Operation<TCall, TResult> operation = _operations[_longest[i]];
            _model.TryStep(state, operation, out state);
            if (i >= _longest.Length - shown)
            {
                text.AppendLine($"  {operation}  => {state}");
            }
        }

        text.AppendLine("then none of these fits:");
        foreach (Operation<TCall, TResult> operation in _operations.Where((o, i) => o.IsKnown && !_longest.Contains(i))
            .OrderBy(o => o.CallNs).Take(shown))
        {
            text.AppendLine($"  {operation}");
        }

        return text.ToString();
    }
}
