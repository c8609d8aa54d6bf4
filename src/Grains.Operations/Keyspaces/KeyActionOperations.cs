using Grains.Api.Problems;
using Grains.Operations.Access;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;

namespace Grains.Operations.Keyspaces;

/// <summary>
/// Reads and changes of keys that come many at once from one caller, in an order that counts. The caller finds the
/// keyspace once (<see cref="KeyspaceOperations"/>); each call then goes to its partition before it returns, so that
/// calls for one partition are decided in the order in which they were made.
/// </summary>
public sealed class KeyActionOperations(IPartitions partitions, DeclarationCatalog catalog)
{
    private static readonly OperationError _crossPartition = new(
        ProblemCode.CrossPartition,
        "The keys are of several partitions. Give them a common tag, such as {user1}:name and {user1}:mail.");

    /// <summary>
    /// Reads a key as it is, whatever else of this caller is under way. Often answered before it returns.
    /// </summary>
    public AskedKey GetAsync(Caller caller, KeyspaceSnapshot keyspace, Utf8Name key) =>
        caller.Refuse(Permission.Read) is { } refused ? new(refused)
            : Ask(keyspace, key, new GetKey { Keyspace = keyspace.Id, Key = key });

    /// <summary>Does one thing with a key, after everything that the caller asked of its partition before.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="keyspace">Of the key.</param>
    /// <param name="action">What is done with it.</param>
    /// <param name="isFollowed">More of the same caller comes at once: it is not waited for here.</param>
    public AskedKey DoAsync(
        Caller caller, KeyspaceSnapshot keyspace, KeyAction action, bool isFollowed = false) =>
        caller.Refuse(Needed(action)) is { } refused ? new(refused)
            : action is CopyKey copy && !AreOfOnePartition(keyspace, [copy]) ? new(_crossPartition)
            : Ask(
                keyspace, action.Key,
                new ChangeKey { Keyspace = keyspace.Id, Action = action, IsFollowed = isFollowed });

    /// <summary>Does several things at once: keys of one partition, in order, in one record.</summary>
    /// <returns><see cref="ProblemCode.CrossPartition"/>: they are of several. Nothing was done.</returns>
    public ValueTask<Result<KeysChanged>> TransactAsync(
        Caller caller, KeyspaceSnapshot keyspace, KeyAction[] actions, WatchedKey[] watched)
    {
        Permission needed = Array.TrueForAll(actions, a => Needed(a) == Permission.Read)
            ? Permission.Read
            : Permission.Write;
        return caller.Refuse(needed) is { } refused ? new(refused)
            : actions.Length + watched.Length == 0 ? new(new KeysChanged([]))
            : PartitionOf(keyspace, actions, watched) is not { } partition ? new(_crossPartition)
            : TransactAsync(
                keyspace, partition,
                new KeyTransaction { Keyspace = keyspace.Id, Actions = actions, Watched = watched });
    }

    /// <summary>They can be one transaction.</summary>
    public bool AreOfOnePartition(KeyspaceSnapshot keyspace, KeyAction[] actions) =>
        PartitionOf(keyspace, actions, []) is not null;

    /// <summary>How many keys there are, each partition counted for itself.</summary>
    public async Task<Result<long>> CountAsync(Caller caller, KeyspaceSnapshot keyspace, CancellationToken cancel)
    {
        if (caller.Refuse(Permission.Read) is { } refused)
        {
            return refused;
        }

        long count = 0;
        foreach (PartitionId partition in keyspace.Partitions(partitions.Slots))
        {
            for (KeysCounted? counted = null; counted is not { More: false };)
            {
                var command = new CountKeys { Keyspace = keyspace.Id, After = counted?.Last ?? Utf8Name.Empty };
                (Answer? answer, OperationError? none) = await ExecuteAsync(partition, command, cancel);
                if (answer is not KeysCounted step)
                {
                    return none ?? Refuse(keyspace, answer!);
                }

                counted = step;
                count += step.Count;
            }
        }

        return count;
    }

    /// <summary>A page of the keys of one partition, without their values, in bytewise order.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="keyspace">Of these.</param>
    /// <param name="place">Where it begins: the place after the last page's.</param>
    /// <param name="limit">So many at the most.</param>
    /// <param name="cancel">Ends it.</param>
    public async Task<Result<KeyScan>> ScanAsync(
        Caller caller, KeyspaceSnapshot keyspace, KeyPlace place, int limit, CancellationToken cancel)
    {
        if (caller.Refuse(Permission.Read) is { } refused)
        {
            return refused;
        }

        IReadOnlyList<PartitionId> all = keyspace.Partitions(partitions.Slots);
        if (place.Partition >= all.Count)
        {
            return new KeyScan([], null);
        }

        var command = new ListKeys { Keyspace = keyspace.Id, After = place.After, Limit = limit, KeysOnly = true };
        (Answer? answer, OperationError? none) = await ExecuteAsync(all[place.Partition], command, cancel);
        if (answer is not KeyPage page)
        {
            return none ?? Refuse(keyspace, answer!);
        }

        return new KeyScan(
            page.Entries,
            page.More ? place with { After = page.Entries[^1].Key }
            : place.Partition + 1 < all.Count ? new KeyPlace(place.Partition + 1, Utf8Name.Empty)
            : null);
    }

    private static Permission Needed(KeyAction action) => action is ReadKey ? Permission.Read : Permission.Write;

    /// <summary>Null: they have none in common.</summary>
    private PartitionId? PartitionOf(KeyspaceSnapshot keyspace, KeyAction[] actions, WatchedKey[] watched)
    {
        PartitionId? common = null;
        foreach (KeyAction action in actions)
        {
            if (!IsOf(action.Key) || (action is CopyKey copy && !IsOf(copy.To)))
            {
                return null;
            }
        }

        return Array.TrueForAll(watched, w => IsOf(w.Key)) ? common : null;

        bool IsOf(Utf8Name key)
        {
            PartitionId partition = keyspace.PartitionOf(partitions.Slots, key);
            common ??= partition;
            return common == partition;
        }
    }

    private AskedKey Ask(KeyspaceSnapshot keyspace, Utf8Name key, Command command)
    {
        try
        {
            return new AskedKey(
                catalog, keyspace,
                partitions.ExecuteAsync(
                    keyspace.PartitionOf(partitions.Slots, key), command, CancellationToken.None));
        }
        catch (Exception e) when (Refusals.Of(e) is { } refused)
        {
            return new AskedKey(refused);
        }
    }

    private async ValueTask<Result<KeysChanged>> TransactAsync(
        KeyspaceSnapshot keyspace, PartitionId partition, KeyTransaction command)
    {
        (Answer? answer, OperationError? none) = await ExecuteAsync(partition, command, CancellationToken.None);
        return answer is KeysChanged changed ? changed : none ?? Refuse(keyspace, answer!);
    }

    private async ValueTask<(Answer? Answer, OperationError? Refused)> ExecuteAsync(
        PartitionId partition, Command command, CancellationToken cancel)
    {
        try
        {
            return (await partitions.ExecuteAsync(partition, command, cancel), null);
        }
        catch (Exception e) when (Refusals.Of(e) is { } refused)
        {
            return (null, refused);
        }
    }

    private OperationError Refuse(KeyspaceSnapshot keyspace, Answer answer) =>
        catalog.Refuse(answer, keyspace.Name, ProblemCode.KeyNotFound);
}

/// <summary>Where a scan goes on: in the how-manieth partition of the keyspace, after which key.</summary>
public readonly record struct KeyPlace(int Partition, Utf8Name After);

/// <summary>Keys of a scan, perhaps none, and where it goes on; null = it is over.</summary>
public sealed record KeyScan(KeyView[] Keys, KeyPlace? Next);
