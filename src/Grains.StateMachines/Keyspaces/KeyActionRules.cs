using Grains.StateMachines.Batches;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Keyspaces;

/// <summary>Decides actions of keys, alone and as transactions.</summary>
internal sealed class KeyActionRules(KeyTables tables, KeyRules keys)
{
    private const int _countedMax = 10_000;

    private PartitionState State => tables.State;

    private MachineLimits Limits => State.Limits;

    public Answer Decide(ChangeKey command, Draft draft)
    {
        KeyAction action = command.Action;
        if ((keys.Refuse(command.Keyspace, action)
            ?? State.RefuseGrowth(Growth(command.Keyspace, action))) is { } refused)
        {
            return refused;
        }

        var change = new KeyActionChange(tables, command.Keyspace, draft);
        KeyResult result = change.Do(action);
        change.Close(command.Id, Remember(result.Number));
        return new KeyChanged(result);
    }

    public Answer Decide(KeyTransaction command, Draft draft)
    {
        if (Refuse(command) is { } refused)
        {
            return refused;
        }

        var change = new KeyActionChange(tables, command.Keyspace, draft);
        var results = new KeyResult[command.Actions.Length];
        long bytes = 0;
        for (int i = 0; i < results.Length; i++)
        {
            results[i] = change.Do(command.Actions[i]);
            bytes += results[i].Value?.Length ?? 0;
            if (bytes > Limits.PageBytesMax)
            {
                results[i] = results[i] with { Value = null, Fault = KeyFault.AnswerTooLong };
            }
        }

        change.Close(command.Id, 0);
        return new KeysChanged(results);
    }

    public Answer Read(CountKeys command)
    {
        int count = 0;
        Utf8Name last = command.After;
        foreach ((ScopedName name, _) in tables.Keys.From(new ScopedName(command.Keyspace.Value, command.After)))
        {
            if (name.Scope != command.Keyspace.Value)
            {
                break;
            }

            if (count == _countedMax)
            {
                return new KeysCounted(count, last, More: true);
            }

            count += command.After.Length > 0 && name.Name == command.After ? 0 : 1;
            last = name.Name;
        }

        return new KeysCounted(count, last, More: false);
    }

    /// <summary>The first answer to a command that was applied, as far as it is known.</summary>
    public static KeyChanged Repeat(AppliedCommand done) => new(new KeyResult
    {
        Changed = true,
        IsRepeat = true,
        Number = (done.Result >>> 1) ^ -(done.Result & 1),
        Written = new Revision(done.Revision),
        Fault = done.Result == long.MaxValue ? KeyFault.AnswerLost : KeyFault.None,
    });

    /// <summary>Zigzag, for there is no sign in a record; what does not fit is lost.</summary>
    private static long Remember(long number)
    {
        long folded = (number << 1) ^ (number >> 63);
        return Math.Abs(number >> 1) < 1L << 61 ? folded : long.MaxValue;
    }

    private Refused? Refuse(KeyTransaction command)
    {
        if (command.Actions.Length > Limits.KeyActionsMax)
        {
            return Refusals.TooMany("actions in one transaction", command.Actions.Length, Limits.KeyActionsMax);
        }

        if (command.SizeBytes > Limits.CommitBytesMax)
        {
            return Refusals.Limit("a transaction", command.SizeBytes, Limits.CommitBytesMax);
        }

        foreach (WatchedKey watched in command.Watched)
        {
            var current = new Revision(
                tables.Keys.Get(new ScopedName(command.Keyspace.Value, watched.Key))?.Version ?? 0);
            if (current != watched.Version)
            {
                Condition wanted = watched.Version == Revision.None
                    ? Condition.IfAbsent
                    : Condition.IfVersion(watched.Version);
                return Refusals.VersionMismatch($"Key '{watched.Key}'", current, wanted);
            }
        }

        long growth = 0;
        foreach (KeyAction action in command.Actions)
        {
            if (keys.Refuse(command.Keyspace, action) is { } refused)
            {
                return refused;
            }

            growth += Math.Max(0, Growth(command.Keyspace, action));
        }

        return State.RefuseGrowth(growth);
    }

    /// <summary>How many bytes the action adds, at the most.</summary>
    private long Growth(KeyspaceId keyspace, KeyAction action)
    {
        KeyEntry? present = tables.Keys.Get(new ScopedName(keyspace.Value, action.Key));
        long size = present?.Value.Length ?? 0;
        long before = present?.Bytes(action.Key.Length) ?? 0;
        long empty = KeyEntry.OverheadBytes + action.Key.Length;
        return action switch
        {
            SetKey set => empty + set.Value.Length - before,
            AddInteger => empty + Math.Max(size, SignedNumber.CharsMax) - before,
            AddFloat => empty + Math.Max(size, DecimalNumber.CharsMax) - before,
            AppendBytes append => empty + Math.Min(size + append.Value.Length, Limits.ValueBytesMax) - before,
            WriteRange { Value.Length: > 0 } range =>
                empty + Math.Clamp(
                    (long)range.Offset + range.Value.Length, size, Math.Max(size, Limits.ValueBytesMax)) - before,
            CopyKey { Moves: false } copy => present is null ? 0 : KeyEntry.OverheadBytes + copy.To.Length + size,
            CopyKey copy => copy.To.Length - copy.Key.Length,
            _ => 0,
        };
    }
}
