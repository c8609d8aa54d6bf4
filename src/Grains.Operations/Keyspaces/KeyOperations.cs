using System.Runtime.CompilerServices;
using Grains.Api;
using Grains.Api.Keyspaces;
using Grains.Api.Problems;
using Grains.Operations.Access;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Operations.Paging;
using Grains.Operations.Syntax;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;

namespace Grains.Operations.Keyspaces;

/// <summary>Keys: put, get, delete, increment, list.</summary>
public sealed class KeyOperations(IPartitions partitions, DeclarationCatalog catalog)
{
    private static readonly OperationError _badTtl = new(
        ProblemCode.BadParameter,
        $"'ttl' must be a duration from 1ms to {Durations.Write(Limits.TtlMs)}, such as 10s.");

    /// <summary>Sets a key.</summary>
    public ValueTask<Result<Placed<KeyWritten>>> PutAsync(Caller caller, ReadOnlySpan<char> keyspace, KeyPut put) =>
        caller.Refuse(Permission.Write) is { } refused ? new(refused)
            : put.TtlMs is < 0 or > Limits.TtlMs ? new(_badTtl)
            : PutAsync(catalog.FindKeyspaceAsync(keyspace), put);

    /// <summary>Reads a key.</summary>
    public ValueTask<Result<Placed<KeyFound>>> GetAsync(
        Caller caller, ReadOnlySpan<char> keyspace, Utf8Name key, RequestedConsistency consistency = default) =>
        caller.Refuse(Permission.Read) is { } refused ? new(refused)
        : GetAsync(catalog.FindKeyspaceAsync(keyspace, consistency.MayBeStale), key, consistency);

    /// <summary>Deletes a key.</summary>
    public ValueTask<Result<Placed<KeyWritten>>> DeleteAsync(
        Caller caller, ReadOnlySpan<char> keyspace, Utf8Name key, Condition condition) =>
        caller.Refuse(Permission.Write) is { } refused ? new(refused)
        : DeleteAsync(catalog.FindKeyspaceAsync(keyspace), key, condition);

    /// <summary>Adds to the integer that a key's value is as text; a key that is not there counts as 0.</summary>
    public ValueTask<Result<Placed<KeyChanged>>> IncrementAsync(
        Caller caller, ReadOnlySpan<char> keyspace, Utf8Name key, IncrementRequest request)
    {
        if (caller.Refuse(Permission.Write) is { } refused)
        {
            return new(refused);
        }

        var fields = new Fields();
        long ttlMs = fields.DurationMs(request.Ttl, "ttl", 1, Limits.TtlMs, 0);
        return fields.Error is { } bad
            ? new(bad)
            : IncrementAsync(
                catalog.FindKeyspaceAsync(keyspace), new AddInteger { Key = key, By = request.By, TtlMs = ttlMs });
    }

    /// <summary>A page of keys in bytewise order, each partition consistent for itself.</summary>
    public async Task<Result<MergedPage<KeyView>>> ListAsync(
        Caller caller, string keyspace, KeyRange range, CancellationToken cancel)
    {
        if (caller.Refuse(Permission.Read) is { } refused)
        {
            return refused;
        }

        if (!(await catalog.FindKeyspaceAsync(keyspace, range.Consistency.MayBeStale))
            .TryGet(out KeyspaceSnapshot? found, out OperationError? error))
        {
            return error;
        }

        var merge = new PageMerge<KeyView>(ReadAsync, e => e.Key, e => e.Value.Length);
        return await merge.ReadAsync(found.Partitions(partitions.Slots), range.After, range.Limit, cancel);

        async ValueTask<Result<MergedPage<KeyView>>> ReadAsync(PartitionId partition, Utf8Name after, int count)
        {
            var list = new ListKeys
            {
                Keyspace = found.Id,
                Prefix = range.Prefix,
                Start = range.Start,
                End = range.End,
                After = after,
                Limit = count,
                KeysOnly = !range.WithValues,
                Consistency = range.Consistency.For(partition),
            };
            Result<Placed<KeyPage>> result = await ExecuteAsync<KeyPage>(found, partition, list, cancel);
            return result.TryGet(out Placed<KeyPage> page, out OperationError? none)
                ? new MergedPage<KeyView>(page.Answer.Entries, page.Answer.More)
                : none;
        }
    }

    /// <summary>The keyspace is known but for the first time: then nothing of this waits by itself.</summary>
    private ValueTask<Result<Placed<KeyWritten>>> PutAsync(ValueTask<Result<KeyspaceSnapshot>> found, KeyPut put)
    {
        return found.IsCompletedSuccessfully ? Put(found.Result, put) : WaitAsync(this, found, put);

        static async ValueTask<Result<Placed<KeyWritten>>> WaitAsync(
            KeyOperations keys, ValueTask<Result<KeyspaceSnapshot>> found, KeyPut put) =>
            await keys.Put(await found, put);
    }

    private ValueTask<Result<Placed<KeyWritten>>> Put(Result<KeyspaceSnapshot> found, KeyPut put)
    {
        if (!found.TryGet(out KeyspaceSnapshot? keyspace, out OperationError? error))
        {
            return new(error);
        }

        var command = new PutKey
        {
            Keyspace = keyspace.Id,
            Key = put.Key,
            Value = put.Value,
            ContentType = put.ContentType,
            Condition = put.Condition,
            TtlMs = put.TtlMs,
        };
        return ExecuteAsync<KeyWritten>(keyspace, keyspace.PartitionOf(partitions.Slots, put.Key), command);
    }

    private ValueTask<Result<Placed<KeyFound>>> GetAsync(
        ValueTask<Result<KeyspaceSnapshot>> found, Utf8Name key, RequestedConsistency consistency)
    {
        return found.IsCompletedSuccessfully
            ? Get(found.Result, key, consistency)
            : WaitAsync(this, found, key, consistency);

        static async ValueTask<Result<Placed<KeyFound>>> WaitAsync(
            KeyOperations keys, ValueTask<Result<KeyspaceSnapshot>> found, Utf8Name key,
            RequestedConsistency consistency) =>
            await keys.Get(await found, key, consistency);
    }

    private ValueTask<Result<Placed<KeyFound>>> Get(
        Result<KeyspaceSnapshot> found, Utf8Name key, RequestedConsistency consistency)
    {
        if (!found.TryGet(out KeyspaceSnapshot? keyspace, out OperationError? error))
        {
            return new(error);
        }

        PartitionId partition = keyspace.PartitionOf(partitions.Slots, key);
        var command = new GetKey { Keyspace = keyspace.Id, Key = key, Consistency = consistency.For(partition) };
        return ExecuteAsync<KeyFound>(keyspace, partition, command);
    }

    private async ValueTask<Result<Placed<KeyWritten>>> DeleteAsync(
        ValueTask<Result<KeyspaceSnapshot>> found, Utf8Name key, Condition condition)
    {
        if (!(await found).TryGet(out KeyspaceSnapshot? keyspace, out OperationError? error))
        {
            return error;
        }

        var command = new DeleteKey { Keyspace = keyspace.Id, Key = key, Condition = condition };
        return await ExecuteAsync<KeyWritten>(keyspace, keyspace.PartitionOf(partitions.Slots, key), command);
    }

    private async ValueTask<Result<Placed<KeyChanged>>> IncrementAsync(
        ValueTask<Result<KeyspaceSnapshot>> found, AddInteger add)
    {
        if (!(await found).TryGet(out KeyspaceSnapshot? keyspace, out OperationError? error))
        {
            return error;
        }

        var command = new ChangeKey { Keyspace = keyspace.Id, Action = add };
        Result<Placed<KeyChanged>> result = await ExecuteAsync<KeyChanged>(
            keyspace, keyspace.PartitionOf(partitions.Slots, add.Key), command);
        return result.TryGet(out Placed<KeyChanged> changed, out _) && Refuse(changed.Answer) is { } fault
            ? fault
            : result;
    }

    /// <summary>Why an addition gives no sum; null = it gives one.</summary>
    internal static OperationError? Refuse(KeyChanged added) => added.Result.Fault switch
    {
        KeyFault.None => null,
        KeyFault.NotAnInteger =>
            new OperationError(ProblemCode.NotANumber, "The value is not the text of an integer of 64 bits."),
        KeyFault.IntegerOverflow =>
            new OperationError(ProblemCode.NotANumber, "The sum is beyond 64 bits; nothing was added."),
        _ => new OperationError(
            ProblemCode.CommandTooOld, "It was added, but the sum was lost with the server that gave it. Read the key.")
        {
            Outcome = Outcome.Unknown,
        },
    };

    /// <summary>
    /// The answer of the expected kind; every other one is a refusal. One that says that the keyspace is gone is
    /// remembered.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Result<Placed<T>>> ExecuteAsync<T>(
        KeyspaceSnapshot keyspace, PartitionId partition, Command command, CancellationToken cancel = default)
        where T : Answer
    {
        Answer answer;
        try
        {
            answer = await partitions.ExecuteAsync(partition, command, cancel);
        }
        catch (Exception e) when (Refusals.Of(e) is { } refused)
        {
            return refused;
        }

        return answer is T expected
            ? new Placed<T>(partition, expected)
            : catalog.Refuse(answer, keyspace.Name, ProblemCode.KeyNotFound);
    }
}

/// <summary>What a key is set to.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Value">Belongs to the operation until it ends.</param>
/// <param name="ContentType">Null = none is kept.</param>
/// <param name="Condition">When it is set.</param>
/// <param name="TtlMs">It expires after this; 0 = never.</param>
public readonly record struct KeyPut(Utf8Name Key, byte[] Value, string? ContentType, Condition Condition, long TtlMs);

/// <summary>Which keys are listed; empty names bound nothing.</summary>
public sealed record KeyRange
{
    public Utf8Name Prefix { get; init; }

    /// <summary>From here on, itself included.</summary>
    public Utf8Name Start { get; init; }

    /// <summary>Up to here, itself not included.</summary>
    public Utf8Name End { get; init; }

    /// <summary>Only what comes after this: the last of the page before.</summary>
    public Utf8Name After { get; init; }

    public required int Limit { get; init; }

    public bool WithValues { get; init; }

    public RequestedConsistency Consistency { get; init; }
}
