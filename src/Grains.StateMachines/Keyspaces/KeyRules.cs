using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Keyspaces;

/// <summary>Decides what is asked of keys.</summary>
internal sealed class KeyRules(KeyTables tables)
{
    private PartitionState State => tables.State;

    private MachineLimits Limits => State.Limits;

    public Answer Decide(PutKey command, Draft draft)
    {
        var name = new ScopedName(command.Keyspace.Value, command.Key);
        KeyEntry? present = tables.Keys.Get(name);
        if (Refuse(name, command.Value, command.Condition, present) is { } refused)
        {
            return refused;
        }

        if (command.Value.Length > (present?.Value.Length ?? -1) && State.RefuseGrowth() is { } full)
        {
            return full;
        }

        bool created = present is null;
        long revision = draft.Open();
        Put(name, command.Value, command.ContentType, command.TtlMs, draft);
        draft.Close(command.Id, created ? 1 : 0);
        return new KeyWritten(new Revision(revision), created);
    }

    public Answer Decide(DeleteKey command, Draft draft)
    {
        var name = new ScopedName(command.Keyspace.Value, command.Key);
        KeyEntry? present = tables.Keys.Get(name);
        if (present is null && command.Condition.Kind is ConditionKind.Always)
        {
            return new Refused(Refusal.NotFound, $"There is no key '{command.Key}'; nothing was deleted.");
        }

        if (Refuse(name, null, command.Condition, present) is { } refused)
        {
            return refused;
        }

        if (present is null)
        {
            return new Refused(Refusal.NotFound, $"There is no key '{command.Key}'; nothing was deleted.");
        }

        long revision = draft.Open();
        draft.Emit(new KeyDeleted(name, Expired: false));
        draft.Close(command.Id);
        return new KeyWritten(new Revision(revision), Created: false);
    }

    /// <summary>Why these writes of a commit cannot be, or null. The commit writes nothing until all can.</summary>
    public Refused? Refuse(KeyChange change)
    {
        var name = new ScopedName(change.Keyspace.Value, change.Key);
        return Refuse(name, change.Value, change.Condition, tables.Keys.Get(name));
    }

    /// <summary>Why this action cannot be, whatever is there; or null.</summary>
    public Refused? Refuse(KeyspaceId keyspace, KeyAction action)
    {
        if (action is WriteRange { Offset: < 0 } outside)
        {
            return new Refused(
                Refusal.LimitExceeded, $"A value has no offset {outside.Offset}; the first is 0.");
        }

        byte[]? value = action switch
        {
            SetKey set => set.Value,
            AppendBytes append => append.Value,
            WriteRange range => range.Value,
            _ => null,
        };
        return Refuse(new ScopedName(keyspace.Value, action.Key), value, Condition.None, present: null)
            ?? (action is CopyKey copy
                ? Refuse(new ScopedName(keyspace.Value, copy.To), null, Condition.None, present: null)
                : null);
    }

    /// <summary>How many bytes the change adds, at the most.</summary>
    public long Growth(KeyChange change)
    {
        KeyEntry? present = tables.Keys.Get(new ScopedName(change.Keyspace.Value, change.Key));
        long before = present is null ? 0 : present.Bytes(change.Key.Length);
        return change.Value is null
            ? -before
            : KeyEntry.OverheadBytes + change.Key.Length + change.Value.Length - before;
    }

    public void Emit(KeyChange change, Draft draft)
    {
        var name = new ScopedName(change.Keyspace.Value, change.Key);
        if (change.Value is not null)
        {
            Put(name, change.Value, change.ContentType, change.TtlMs, draft);
        }
        else if (tables.Keys.Get(name) is not null)
        {
            draft.Emit(new KeyDeleted(name, Expired: false));
        }
    }

    /// <summary>Ends keys whose time is over, a bounded number.</summary>
    public void Expire(Draft draft)
    {
        if (!tables.Expiries.TryFirstDurable(default, out ExpiryKey first, out _) || first.AtMs > draft.NowMs)
        {
            return;
        }

        int left = Limits.SweepMax;
        foreach ((ExpiryKey due, _) in tables.Expiries.From(default))
        {
            if (due.AtMs > draft.NowMs || left-- == 0)
            {
                return;
            }

            draft.Open();
            draft.Emit(new KeyDeleted(due.Name, Expired: true));
            draft.Close();
        }
    }

    public Answer Decide(DropKeyspace command, Draft draft)
    {
        var from = new ScopedName(command.Keyspace.Value, Utf8Name.Empty);
        List<ScopedName> names = [];
        bool remaining = false;
        foreach ((ScopedName name, _) in tables.Keys.From(from))
        {
            remaining = name.Scope == from.Scope;
            if (!remaining || names.Count == Limits.SweepMax)
            {
                break;
            }

            remaining = false;
            names.Add(name);
        }

        // What this batch added before the drop is not among the durable keys: the first step always asks for another.
        bool first = !State.IsDropped(from.Scope);
        if (names.Count > 0 || first)
        {
            draft.Open();
            draft.Emit(new ScopeDropped(from.Scope));
            foreach (ScopedName name in names)
            {
                draft.Emit(new KeyDeleted(name, Expired: false));
            }

            draft.Close();
        }

        return new Dropped(remaining || first);
    }

    public Answer Read(GetKey command) =>
        tables.Keys.GetDurable(new ScopedName(command.Keyspace.Value, command.Key)) is { } entry
            ? new KeyFound(View(command.Key, entry, keysOnly: false))
            : new Refused(Refusal.NotFound, $"There is no key '{command.Key}'.");

    public Answer Read(ListKeys command)
    {
        Utf8Name first = command.Start.CompareTo(command.Prefix) > 0 ? command.Start : command.Prefix;
        first = command.After.CompareTo(first) > 0 ? command.After : first;
        int limit = Math.Clamp(command.Limit, 1, Limits.PageEntriesMax);
        long bytes = 0;
        List<KeyView> page = [];
        foreach ((ScopedName name, KeyEntry entry) in tables.Keys.From(new ScopedName(command.Keyspace.Value, first)))
        {
            if (name.Scope != command.Keyspace.Value
                || !name.Name.Span.StartsWith(command.Prefix.Span)
                || (command.End.Length > 0 && name.Name.CompareTo(command.End) >= 0))
            {
                break;
            }

            if (command.After.Length > 0 && name.Name == command.After)
            {
                continue;
            }

            bytes += name.Name.Length + (command.KeysOnly ? 0 : entry.Value.Length);
            if (page.Count == limit || (page.Count > 0 && bytes > Limits.PageBytesMax))
            {
                return new KeyPage([.. page], More: true);
            }

            page.Add(View(name.Name, entry, command.KeysOnly));
        }

        return new KeyPage([.. page], More: false);
    }

    private KeyView View(Utf8Name key, KeyEntry entry, bool keysOnly) => new()
    {
        Key = key,
        Value = keysOnly ? [] : entry.Value,
        ValueBytes = entry.Value.Length,
        Version = new Revision(entry.Version),
        Created = new Revision(entry.Created),
        ContentType = entry.ContentType,
        ExpiresAtMs = entry.ExpiresAtMs == 0 ? 0 : State.Now.WallOf(entry.ExpiresAtMs),
    };

    private static void Put(in ScopedName name, byte[] value, string? contentType, long ttlMs, Draft draft) =>
        draft.Emit(new KeyPut(name, value, contentType, ttlMs == 0 ? 0 : draft.NowMs + ttlMs));

    private Refused? Refuse(in ScopedName name, byte[]? value, Condition condition, KeyEntry? present)
    {
        if (name.Name.Length == 0 || name.Name.Length > Limits.KeyBytesMax)
        {
            return Refusals.Limit("a key", name.Name.Length, Limits.KeyBytesMax);
        }

        if (value is not null && value.Length > Limits.ValueBytesMax)
        {
            return Refusals.Limit("a value", value.Length, Limits.ValueBytesMax);
        }

        if (State.IsDropped(name.Scope))
        {
            return new Refused(
                Refusal.KeyspaceDeleted, "The keyspace was deleted. Declare it again; it will be another one.");
        }

        var current = new Revision(present?.Version ?? 0);
        return condition.Holds(current) ? null : Refusals.VersionMismatch($"Key '{name.Name}'", current, condition);
    }
}
