using Grains.StateMachines.Batches;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Keyspaces;

/// <summary>
/// One change that actions of keys bring; none where they change nothing. All that could refuse them has been asked.
/// </summary>
internal struct KeyActionChange(KeyTables tables, KeyspaceId keyspace, Draft draft)
{
    private bool _isOpen;
    private bool _hasWritten;
    private Revision _revision;

    /// <summary>Stages what it comes to; the next one sees it.</summary>
    public KeyResult Do(KeyAction action)
    {
        _hasWritten = false;
        KeyResult result = Stage(action);
        return _hasWritten ? result with { Written = _revision } : result;
    }

    public void Close(CommandId command, long result)
    {
        if (_isOpen)
        {
            draft.Close(command, result);
        }
    }

    private KeyResult Stage(KeyAction action)
    {
        var name = new ScopedName(keyspace.Value, action.Key);
        KeyEntry? present = tables.Keys.Get(name);
        return action switch
        {
            ReadKey read => Before(present, read.WithValue),
            SetKey set => Set(name, set, present),
            RemoveKey remove => Remove(name, remove, present),
            AddInteger add => Add(name, add, present),
            AddFloat add => Add(name, add.By, present),
            AppendBytes append => Write(name, present, present?.Value.Length ?? 0, append.Value),
            WriteRange range => Write(name, present, range.Offset, range.Value),
            SetExpiry expiry => Set(name, expiry, present),
            CopyKey copy => Copy(name, copy, present),
            _ => throw new InvalidOperationException($"No rule decides a {action.GetType().Name}."),
        };
    }

    private KeyResult Before(KeyEntry? present, bool withValue) => present is null ? default : new KeyResult
    {
        Existed = true,
        Number = present.Value.Length,
        Value = withValue ? present.Value : null,
        Version = new Revision(present.Version),
        ExpiresAtMs = present.ExpiresAtMs == 0 ? 0 : draft.Now.WallOf(present.ExpiresAtMs),
        LeftMs = present.ExpiresAtMs == 0 ? 0 : Math.Max(1, present.ExpiresAtMs - draft.NowMs),
    };

    private KeyResult Set(in ScopedName name, SetKey set, KeyEntry? present)
    {
        KeyResult before = Before(present, set.WithValue);
        if (set.Condition == (present is null ? ConditionKind.Exists : ConditionKind.Absent))
        {
            return before;
        }

        if (EndOf(set.Expiry, present) is { } endsAtMs)
        {
            Emit(new KeyPut(name, set.Value, null, endsAtMs));
        }
        else if (present is not null)
        {
            Emit(new KeyDeleted(name, Expired: false));
        }

        return before with { Changed = true, Number = set.Value.Length };
    }

    private KeyResult Remove(in ScopedName name, RemoveKey remove, KeyEntry? present)
    {
        if (present is null)
        {
            return default;
        }

        Emit(new KeyDeleted(name, Expired: false));
        return Before(present, remove.WithValue) with { Changed = true, Number = 0 };
    }

    private KeyResult Add(in ScopedName name, AddInteger add, KeyEntry? present)
    {
        KeyResult before = Before(present, withValue: false);
        long number = 0;
        if (present is not null && !SignedNumber.TryParse(present.Value, out number))
        {
            return before with { Fault = KeyFault.NotAnInteger };
        }

        long sum = unchecked(number + add.By);
        if (((number ^ sum) & (add.By ^ sum)) < 0)
        {
            return before with { Fault = KeyFault.IntegerOverflow };
        }

        long endsAtMs = add.TtlMs > 0 ? draft.NowMs + add.TtlMs : present?.ExpiresAtMs ?? 0;
        Emit(new KeyPut(name, SignedNumber.Write(sum), present?.ContentType, endsAtMs));
        return before with { Changed = true, Number = sum };
    }

    private KeyResult Add(in ScopedName name, byte[] by, KeyEntry? present)
    {
        KeyResult before = Before(present, withValue: false);
        ReadOnlySpan<byte> number = present is null ? "0"u8 : present.Value;
        if (!DecimalNumber.IsOne(by) || !DecimalNumber.IsOne(number))
        {
            return before with { Fault = KeyFault.NotANumber };
        }

        if (DecimalNumber.Add(number, by) is not { } sum)
        {
            return before with { Fault = KeyFault.NumberOverflow };
        }

        Emit(new KeyPut(name, sum, present?.ContentType, present?.ExpiresAtMs ?? 0));
        return before with { Changed = true, Number = sum.Length, Value = sum };
    }

    private KeyResult Write(in ScopedName name, KeyEntry? present, int offset, byte[] part)
    {
        KeyResult before = Before(present, withValue: false);
        ReadOnlySpan<byte> old = present is null ? [] : present.Value;
        long size = Math.Max(old.Length, (long)offset + part.Length);
        if (part.Length == 0)
        {
            return before with { Number = old.Length };
        }

        if (size > tables.State.Limits.ValueBytesMax)
        {
            return before with { Fault = KeyFault.TooLong };
        }

        byte[] value = new byte[size];
        old.CopyTo(value);
        part.CopyTo(value.AsSpan(offset));
        Emit(new KeyPut(name, value, present?.ContentType, present?.ExpiresAtMs ?? 0));
        return before with { Changed = true, Number = size };
    }

    private KeyResult Set(in ScopedName name, SetExpiry command, KeyEntry? present)
    {
        if (present is null)
        {
            return default;
        }

        KeyResult before = Before(present, command.WithValue);
        long? endsAtMs = EndOf(command.Expiry, present);
        if (!Holds(command.Condition, present.ExpiresAtMs, endsAtMs))
        {
            return before;
        }

        if (endsAtMs == present.ExpiresAtMs)
        {
            return before with { Changed = endsAtMs > 0 };
        }

        Emit(
            endsAtMs is { } end
                ? new KeyPut(name, present.Value, present.ContentType, end)
                : new KeyDeleted(name, Expired: false));
        return before with { Changed = true };
    }

    private KeyResult Copy(in ScopedName name, CopyKey copy, KeyEntry? present)
    {
        if (present is null)
        {
            return copy.Moves ? new KeyResult { Fault = KeyFault.NoSuchKey } : default;
        }

        KeyResult before = Before(present, withValue: false);
        var to = new ScopedName(keyspace.Value, copy.To);
        if (to == name)
        {
            return before with { Changed = copy is { Moves: true, Replaces: true } };
        }

        if (!copy.Replaces && tables.Keys.Get(to) is not null)
        {
            return before;
        }

        Emit(new KeyPut(to, present.Value, present.ContentType, present.ExpiresAtMs));
        if (copy.Moves)
        {
            Emit(new KeyDeleted(name, Expired: false));
        }

        return before with { Changed = true };
    }

    /// <summary>In uptime; 0 = never; null = that is over.</summary>
    private long? EndOf(KeyExpiry expiry, KeyEntry? present) => expiry.Kind switch
    {
        KeyExpiryKind.Never => 0,
        KeyExpiryKind.Keep => present?.ExpiresAtMs ?? 0,
        KeyExpiryKind.After => expiry.Ms > 0 ? draft.NowMs + Math.Min(expiry.Ms, KeyExpiry.MsMax) : null,
        KeyExpiryKind.At =>
            expiry.Ms > draft.WallMs ? draft.NowMs + Math.Min(expiry.Ms - draft.WallMs, KeyExpiry.MsMax) : null,
        _ => throw new InvalidOperationException($"Unknown expiry {expiry.Kind}."),
    };

    /// <param name="condition">When the new end is taken over.</param>
    /// <param name="presentMs">The present end; 0 = never.</param>
    /// <param name="wantedMs">The new one; null = at once, 0 = never.</param>
    private static bool Holds(ExpiryCondition condition, long presentMs, long? wantedMs)
    {
        long present = presentMs == 0 ? long.MaxValue : presentMs;
        long wanted = wantedMs == 0 ? long.MaxValue : wantedMs ?? 0;
        return condition switch
        {
            ExpiryCondition.Always => true,
            ExpiryCondition.IfNone => presentMs == 0,
            ExpiryCondition.IfAny => presentMs != 0,
            ExpiryCondition.IfLater => wanted > present,
            ExpiryCondition.IfEarlier => wanted < present,
            ExpiryCondition.IfAnyEarlier => presentMs != 0 && wanted < present,
            _ => throw new InvalidOperationException($"Unknown condition {condition}."),
        };
    }

    private void Emit(Effect effect)
    {
        if (!_isOpen)
        {
            _revision = new Revision(draft.Open());
            _isOpen = true;
        }

        _hasWritten = true;
        draft.Emit(effect);
    }
}
