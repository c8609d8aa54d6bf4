using Grains.Api.Problems;
using Grains.Operations.Access;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Operations.Keyspaces;
using Grains.Resp.Protocol;
using Grains.Resp.Replies;
using Grains.Resp.Sessions;
using Grains.Silo.Partitions;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;

namespace Grains.Resp.Commands;

/// <summary>
/// Asks partitions for what commands want of keys. What one connection asks of a key is decided in its order: a
/// partition decides in the order in which it is asked, but for plain reads, which see what is durable when they are
/// asked; those are for keys that nothing under way writes.
/// </summary>
internal sealed class KeyRunner(KeyActionOperations keys, IPartitions partitions, Random? random = null)
{
    private readonly Random _random = random ?? Random.Shared;
    private readonly Func<bool> _isReady = () => partitions.IsReady;

    public bool IsReady => partitions.IsReady;

    /// <summary>A plain read of a key is under way that this would write: it must be answered first.</summary>
    public static bool MustWait(Session session, Arguments command)
    {
        for (int i = 0; i < command.KeyCount; i++)
        {
            if (session.InFlight.Reads(command.Key(i)))
            {
                return true;
            }
        }

        return false;
    }

    public Pending Begin(Session session, Caller caller, KeyspaceSnapshot keyspace, in KeyPlan plan) =>
        plan.Many is { } many ? Begin(session, caller, keyspace, many, plan)
            : Begin(session, caller, keyspace, plan.One!, plan);

    private Pending Begin(
        Session session, Caller caller, KeyspaceSnapshot keyspace, KeyAction[] many, in KeyPlan plan)
    {
        if (!plan.IsPlainRead && (plan.NeedsAbsence || keys.AreOfOnePartition(keyspace, many)))
        {
            Array.ForEach(many, a => AddWrite(session, a));
            return new TransactionPending(
                BeginAtomic(caller, keyspace, plan, many), Write(plan)) { Bytes = many.Sum(a => a.SizeBytes) };
        }

        var asked = new Task<Result<KeyResult>>[many.Length];
        int bytes = 0;
        for (int i = 0; i < many.Length; i++)
        {
            asked[i] = Ask(session, caller, keyspace, many[i], plan.IsPlainRead, isFollowed: true).AsTask();
            bytes += BytesOf(many[i], asked[i].IsCompleted);
        }

        return new ManyKeysPending(asked, plan.Reply!, plan.WantsValue, _isReady) { Bytes = bytes };
    }

    public ValueTask<Result<KeysChanged>> TransactAsync(
        Session session, Caller caller, KeyspaceSnapshot keyspace, KeyAction[] actions, WatchedKey[] watched)
    {
        Array.ForEach(actions, a => AddWrite(session, a));
        return keys.TransactAsync(caller, keyspace, actions, watched);
    }

    /// <summary>What a key is now; after everything before is answered.</summary>
    public async Task<Result<KeyResult>> LookAsync(Caller caller, KeyspaceSnapshot keyspace, Utf8Name key) =>
        await keys.DoAsync(caller, keyspace, new ReadKey { Key = key });

    /// <summary>Some partition of it.</summary>
    public KeyPlace DrawPlace(KeyspaceSnapshot keyspace) =>
        new(_random.Next(keyspace.Partitions(partitions.Slots).Count), Utf8Name.Empty);

    public KeyView Draw(KeyView[] page) => page[_random.Next(page.Length)];

    private KeyPending Begin(
        Session session, Caller caller, KeyspaceSnapshot keyspace, KeyAction action, in KeyPlan plan)
    {
        AskedKey asked = Ask(
            session, caller, keyspace, action, plan.IsPlainRead, session.HasMore || session.InFlight.IsAny);
        int bytes = BytesOf(action, asked.IsCompleted);
        return new KeyPending(asked, plan.Reply!, plan.WantsValue, _isReady) { Bytes = bytes };
    }

    private AskedKey Ask(
        Session session, Caller caller, KeyspaceSnapshot keyspace, KeyAction action, bool isPlainRead, bool isFollowed)
    {
        if (isPlainRead && !session.InFlight.Writes(action.Key))
        {
            AskedKey read = keys.GetAsync(caller, keyspace, action.Key);
            if (!read.IsCompleted)
            {
                session.InFlight.AddRead(action.Key);
            }

            return read;
        }

        AddWrite(session, action);
        return keys.DoAsync(caller, keyspace, action, isFollowed);
    }

    private static void AddWrite(Session session, KeyAction action)
    {
        if (action is ReadKey)
        {
            return;
        }

        session.InFlight.AddWrite(action.Key);
        if (action is CopyKey copy)
        {
            session.InFlight.AddWrite(copy.To);
        }
    }

    /// <summary>
    /// An answer that has come is shared with the state, and counts little; one that has not may be as long as any.
    /// </summary>
    private static int BytesOf(KeyAction action, bool isAnswered) => action switch
    {
        ReadKey { WithValue: true } when !isAnswered => RespLimits.UnknownReadBytes,
        _ => action.SizeBytes,
    };

    private ValueTask<Result<KeysChanged>> BeginAtomic(
        Caller caller, KeyspaceSnapshot keyspace, in KeyPlan plan, KeyAction[] many) =>
        keys.TransactAsync(
            caller, keyspace, many,
            plan.NeedsAbsence ? [.. many.Select(a => new WatchedKey(a.Key, Revision.None))] : []);

    private Action<RespWriter, Result<KeysChanged>> Write(KeyPlan plan) => (to, result) =>
    {
        if (result.TryGet(out KeysChanged? changed, out OperationError? error))
        {
            // Of a repeat nothing is known but that it was done; deletions may have met nothing, and say so as any
            // other.
            plan.Reply!(
                to,
                changed.IsRepeat ? [.. plan.Many!.Select(_ => new KeyResult { Changed = true })] : changed.Results);
        }
        else if (plan.NeedsAbsence && error.Code == ProblemCode.VersionMismatch)
        {
            to.Integer(0);
        }
        else
        {
            to.Error(ErrorWords.Of(error, partitions.IsReady));
        }
    };
}
