using System.Collections.Concurrent;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Slots;

namespace Grains.FrontEnd.Tests.World;

/// <summary>
/// Keys in dictionaries, one revision counter per partition; every other command is answered by a script.
/// </summary>
internal sealed class FakePartitions(int count) : IPartitions
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(PartitionId, KeyspaceId), SortedDictionary<Utf8Name, KeyView>> _keys = [];
    private readonly Dictionary<PartitionId, long> _revisions = [];
    private readonly SlotMap _slots = SlotMap.Even(count);

    public SlotMap Slots => IsKnown ? _slots : throw new SettingsUnknownException();

    /// <summary>False: the server has just begun.</summary>
    public bool IsKnown { get; set; } = true;

    public bool IsReady { get; set; } = true;

    /// <summary>Everything that arrived, in order.</summary>
    public ConcurrentQueue<(PartitionId Partition, Command Command)> Seen { get; } = new();

    /// <summary>Asked before the dictionaries; null = not scripted.</summary>
    public Func<PartitionId, Command, CancellationToken, Task<Answer>?> Script { get; set; } = (_, _, _) => null;

    /// <summary>The last command of a kind.</summary>
    public T Last<T>() => Seen.Select(s => s.Command).OfType<T>().Last();

    public ValueTask<Answer> ExecuteAsync(PartitionId partition, Command command, CancellationToken cancel)
    {
        Seen.Enqueue((partition, command));
        if (Script(partition, command, cancel) is { } scripted)
        {
            return new ValueTask<Answer>(scripted);
        }

        lock (_lock)
        {
            Answer answer = Decide(partition, command);
            answer.At = new Revision(_revisions.GetValueOrDefault(partition));
            return new ValueTask<Answer>(answer);
        }
    }

    private Answer Decide(PartitionId partition, Command command)
    {
        switch (command)
        {
            case PutKey put:
                return Put(partition, put);

            case DeleteKey delete:
                return Delete(partition, delete);

            case ChangeKey { Action: AddInteger add } change:
                return Add(partition, change.Keyspace, add);

            case GetKey get:
                return KeysOf(partition, get.Keyspace).TryGetValue(get.Key, out KeyView? found)
                    ? new KeyFound(found)
                    : new Refused(Refusal.NotFound, "There is no such key.");

            case ListKeys list:
            {
                KeyView[] matching =
                [
                    .. KeysOf(partition, list.Keyspace).Values.Where(e =>
                        e.Key.Span.StartsWith(list.Prefix.Span)
                        && e.Key.CompareTo(list.Start) >= 0
                        && (list.End.Length == 0 || e.Key.CompareTo(list.End) < 0)
                        && (list.After.Length == 0 || e.Key.CompareTo(list.After) > 0))
                    .Select(e => list.KeysOnly ? e with { Value = [] } : e),
                ];
                return new KeyPage([.. matching.Take(list.Limit)], matching.Length > list.Limit);
            }

            case DropKeyspace drop:
                _keys.Remove((partition, drop.Keyspace));
                return new Dropped(Remaining: false);

            default:
                throw new InvalidOperationException($"No script answers {command.GetType().Name}.");
        }
    }

    private Answer Put(PartitionId partition, PutKey put)
    {
        SortedDictionary<Utf8Name, KeyView> keys = KeysOf(partition, put.Keyspace);
        KeyView? there = keys.GetValueOrDefault(put.Key);
        if (!put.Condition.Holds(there?.Version ?? Revision.None))
        {
            return Mismatch(there);
        }

        Revision version = Next(partition);
        keys[put.Key] = new KeyView
        {
            Key = put.Key,
            Value = put.Value,
            ValueBytes = put.Value.Length,
            Version = version,
            Created = there?.Created ?? version,
            ContentType = put.ContentType,
            ExpiresAtMs = put.TtlMs == 0 ? 0 : 1_767_225_600_000 + put.TtlMs,
        };
        return new KeyWritten(version, there is null);
    }

    private Answer Delete(PartitionId partition, DeleteKey delete)
    {
        SortedDictionary<Utf8Name, KeyView> keys = KeysOf(partition, delete.Keyspace);
        if (!keys.TryGetValue(delete.Key, out KeyView? there))
        {
            return new Refused(Refusal.NotFound, "There is no such key.");
        }

        if (!delete.Condition.Holds(there.Version))
        {
            return Mismatch(there);
        }

        keys.Remove(delete.Key);
        return new KeyWritten(Next(partition), false);
    }

    private Answer Add(PartitionId partition, KeyspaceId keyspace, AddInteger add)
    {
        SortedDictionary<Utf8Name, KeyView> keys = KeysOf(partition, keyspace);
        long number = 0;
        KeyView? there = keys.GetValueOrDefault(add.Key);
        if (there is not null && !SignedNumber.TryParse(there.Value, out number))
        {
            return new KeyChanged(new KeyResult { Fault = KeyFault.NotAnInteger });
        }

        byte[] sum = SignedNumber.Write(number + add.By);
        Revision version = Next(partition);
        keys[add.Key] = new KeyView
        {
            Key = add.Key, Value = sum, ValueBytes = sum.Length, Version = version,
            Created = there?.Created ?? version,
        };
        return new KeyChanged(new KeyResult { Changed = true, Number = number + add.By, Written = version });
    }

    private Refused Mismatch(KeyView? there) => new(Refusal.VersionMismatch, "The version is another one.")
    {
        Current = there?.Version ?? Revision.None,
    };

    private Revision Next(PartitionId partition) =>
        new(_revisions[partition] = _revisions.GetValueOrDefault(partition) + 1);

    private SortedDictionary<Utf8Name, KeyView> KeysOf(PartitionId partition, KeyspaceId keyspace)
    {
        if (!_keys.TryGetValue((partition, keyspace), out SortedDictionary<Utf8Name, KeyView>? keys))
        {
            _keys[(partition, keyspace)] = keys = [];
        }

        return keys;
    }
}
