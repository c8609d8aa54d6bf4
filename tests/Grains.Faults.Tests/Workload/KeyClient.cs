using Grains.Checkers.Messages;
using Grains.Checkers.Registers;

namespace Grains.Faults.Tests.Workload;

/// <summary>
/// Puts, gets, deletes and compare-and-sets on a few shared keys, and puts keys of its own once each. Keys rotate, so
/// that no history of one key grows beyond what can be searched.
/// </summary>
internal sealed class KeyClient(int number, int seed, Caller caller, LoadRecord record)
{
    private const int _keysShared = 8;
    private const int _operationsPerRotation = 200;

    private readonly Names _names = record.Names;
    private readonly Random _random = new(seed);
    private readonly Dictionary<string, long> _versions = new(StringComparer.Ordinal);
    private readonly PastReads _past = new(caller, record);
    private int _process = record.Registers.NewProcess();
    private int _operations;
    private int _values;

    public async Task RunAsync(TimeSpan pause, CancellationToken stop)
    {
        for (; !stop.IsCancellationRequested; await Task.Delay(pause, CancellationToken.None))
        {
            _operations++;
            if (_random.Next(4) == 0)
            {
                await PutOnceAsync();
            }
            else
            {
                await UseSharedKeyAsync();
            }
        }
    }

    private async Task UseSharedKeyAsync()
    {
        string keyspace = _random.Next(2) == 0 ? _names.Spread : _names.Ordered;
        string key = $"g{_operations / _operationsPerRotation}-{_random.Next(_keysShared)}";
        int dice = _random.Next(100);
        if (dice < 10)
        {
            await _past.ReadAsync(keyspace, key, ofSession: dice < 7);
            return;
        }

        if (dice < 35)
        {
            await GetAsync(keyspace, key);
            return;
        }

        // Half of the writes ask for the version seen last, which others may have overwritten since.
        long? condition = _random.Next(2) == 0 ? _versions.GetValueOrDefault($"{keyspace}/{key}") : null;
        if (dice < 90)
        {
            await PutAsync(keyspace, key, condition);
        }
        else
        {
            await DeleteAsync(keyspace, key, condition is 0 ? null : condition);
        }
    }

    public async Task<bool> GetAsync(string keyspace, string key)
    {
        string name = $"{keyspace}/{key}";
        long callNs = LoadRecord.NowNs();
        record.Registers.Invoke(_process, name, RegisterCall.Get);
        Reply reply = await caller.GetAsync(Names.KeyPath(keyspace, key));
        if (reply.Is(200))
        {
            _versions[name] = reply.Version;
            record.Saw(_names.PartitionOfKey(keyspace, key), reply.Version, callNs, name, reply.Body);
            record.Registers.Ok(_process, RegisterResult.Found(reply.Body, reply.Version));
        }
        else if (reply.Is(404))
        {
            _versions[name] = 0;
            record.Registers.Ok(_process, RegisterResult.Absent);
        }
        else
        {
            // A read without an answer changed nothing and told nothing.
            record.Registers.Fail(_process, reply.ToString());
            await PauseAsync();
            return false;
        }

        return true;
    }

    public async Task<Reply> PutAsync(string keyspace, string key, long? condition)
    {
        string name = $"{keyspace}/{key}";
        string value = $"c{number}-{++_values}";
        long callNs = LoadRecord.NowNs();
        record.Registers.Invoke(_process, name, RegisterCall.Put(value, condition));
        Reply reply = await caller.PutTextAsync(Names.KeyPath(keyspace, key), value, condition);
        if (reply.Is(200) || reply.Is(201))
        {
            _versions[name] = reply.Version;
            record.Wrote(_names.PartitionOfKey(keyspace, key), reply.Version, callNs, name, value);
            record.Registers.Ok(_process, RegisterResult.Written(reply.Version));
            _past.Wrote(name, reply);
            record.Acknowledge(name, $"put {value} v{reply.Version}");
        }
        else
        {
            await EndOtherwiseAsync(name, reply);
        }

        return reply;
    }

    private async Task DeleteAsync(string keyspace, string key, long? condition)
    {
        string name = $"{keyspace}/{key}";
        record.Registers.Invoke(_process, name, RegisterCall.Delete(condition));
        Reply reply = await caller.DeleteAsync(Names.KeyPath(keyspace, key), condition);
        if (reply.Is(204))
        {
            _versions[name] = 0;
            record.Registers.Ok(_process, RegisterResult.Deleted);
            record.Acknowledge(name, "delete");
            return;
        }

        if (reply.Is(404))
        {
            _versions[name] = 0;
            record.Registers.Ok(_process, RegisterResult.Absent);
            return;
        }

        await EndOtherwiseAsync(name, reply);
    }

    private async Task EndOtherwiseAsync(string name, Reply reply)
    {
        if (reply.Is(412))
        {
            _versions[name] = reply.Current();
            record.Registers.Ok(_process, RegisterResult.Mismatch(reply.Current()));
            return;
        }

        if (reply.Kind == ReplyKind.NotStarted)
        {
            record.Registers.Fail(_process, reply.ToString());
        }
        else
        {
            _process = record.Registers.Unknown(_process, reply.ToString());
            if (reply.Kind == ReplyKind.Decided)
            {
                record.Violations.Enqueue($"an answer outside the contract to a write of {name}: {reply}");
            }
        }

        await PauseAsync();
    }

    private async Task PutOnceAsync()
    {
        string key = $"once-{number}-{_operations}";
        long callNs = LoadRecord.NowNs();
        record.OnceKeys[key] = MessageFate.Unknown;
        Reply reply = await caller.PutTextAsync(Names.KeyPath(_names.Once, key), key, ifVersion: 0);
        if (reply.Is(201))
        {
            record.OnceKeys[key] = MessageFate.Acknowledged;
            record.Wrote(_names.PartitionOfKey(_names.Once, key), reply.Version, callNs, $"{_names.Once}/{key}", key);
            record.Acknowledge(key, $"once v{reply.Version}");
            return;
        }

        if (reply.Kind == ReplyKind.NotStarted)
        {
            record.OnceKeys[key] = MessageFate.Refused;
        }
        else if (reply.Kind == ReplyKind.Decided)
        {
            record.Violations.Enqueue($"a key that nobody else puts was refused: {key}: {reply}");
        }

        await PauseAsync();
    }

    // The server is down or busy: asking again at once would only burn the processors that it needs to come back.
    private static Task PauseAsync() => Task.Delay(20);
}
