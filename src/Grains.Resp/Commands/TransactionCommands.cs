using Grains.Api.Problems;
using Grains.Operations.Access;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Resp.Protocol;
using Grains.Resp.Replies;
using Grains.Resp.Sessions;
using Grains.StateMachines.Keyspaces;

namespace Grains.Resp.Commands;

/// <summary>MULTI to EXEC: the commands between are one record of one partition.</summary>
internal sealed class TransactionCommands(KeyRunner runner, Databases databases)
{
    public const string Aborted = "EXECABORT Transaction discarded because of previous errors.";

    public IEnumerable<RespCommand> All =>
    [
        new("multi", 1) { Answer = (session, _) => Begin(session) },
        new("discard", 1) { Answer = (session, _) => Discard(session) },
        new("unwatch", 1) { Answer = Unwatch, MayBeQueued = true },
        new("watch", -2) { Keys = (1, -1, 1), Run = WatchAsync },
        new("exec", 1) { Run = (session, _, caller) => ExecuteAsync(session, caller) },
    ];

    /// <summary>A command between MULTI and EXEC.</summary>
    public static Pending Queue(Session session, RespCommand command, Arguments words)
    {
        QueuedCommand queued;
        if (command.Plan is { } makePlan)
        {
            KeyPlan plan = makePlan(words);
            if (plan.NeedsAbsence)
            {
                return Spoil(session, $"ERR Command '{command.Name}' not allowed inside a transaction");
            }

            queued = plan.Error is { } error
                ? new QueuedCommand(ReadyReply.Refuse(error), [], null, false)
                : new QueuedCommand(null, plan.Many ?? [plan.One!], plan.Reply, plan.WantsValue);
        }
        else if (command is { MayBeQueued: true, Answer: { } answer })
        {
            queued = new QueuedCommand(answer(session, words), [], null, false);
        }
        else
        {
            return Spoil(session, $"ERR Command '{command.Name}' not allowed inside a transaction");
        }

        session.QueuedBytes += queued.Actions.Sum(a => a.SizeBytes);
        if (session.QueuedBytes > RespLimits.QueuedBytesMax
            || session.Queued!.Sum(q => q.Actions.Length) + queued.Actions.Length > RespLimits.QueuedMax
            || session.Queued!.Count >= RespLimits.QueuedMax)
        {
            return Spoil(session, "ERR the transaction is over its limit of commands or bytes");
        }

        session.Queued!.Add(queued);
        return ReadyReply.Queued;
    }

    /// <summary>EXEC will refuse.</summary>
    public static Pending Spoil(Session session, string error)
    {
        if (session.Queued is not null)
        {
            session.IsSpoilt = true;
        }

        return ReadyReply.Refuse(error);
    }

    private static ReadyReply Begin(Session session)
    {
        if (session.Queued is not null)
        {
            return ReadyReply.Refuse("ERR MULTI calls can not be nested");
        }

        session.Queued = [];
        return ReadyReply.Ok;
    }

    private static ReadyReply Discard(Session session)
    {
        if (session.Queued is null)
        {
            return ReadyReply.Refuse("ERR DISCARD without MULTI");
        }

        session.EndTransaction();
        return ReadyReply.Ok;
    }

    /// <summary>Inside a transaction it changes nothing: EXEC ends the watch anyway.</summary>
    private static ReadyReply Unwatch(Session session, Arguments words)
    {
        if (session.Queued is null)
        {
            session.Watched.Clear();
        }

        return ReadyReply.Ok;
    }

    private async Task<Pending> WatchAsync(Session session, Arguments words, Caller caller)
    {
        if (session.Queued is not null)
        {
            return ReadyReply.Refuse("ERR WATCH inside MULTI is not allowed");
        }

        if (session.Watched.Count + words.KeyCount > RespLimits.WatchedMax)
        {
            return ReadyReply.Refuse($"ERR no more than {RespLimits.WatchedMax} keys can be watched");
        }

        if (session.Watched.Count > 0 && session.WatchedIn != session.Keyspace)
        {
            return ReadyReply.Refuse("ERR keys of another database are watched");
        }

        if (!(await databases.FindAsync(session, caller)).TryGet(
            out KeyspaceSnapshot? keyspace, out OperationError? none))
        {
            return ReadyReply.Refuse(ErrorWords.Of(none, runner.IsReady));
        }

        session.WatchedIn = session.Keyspace;
        for (int i = 0; i < words.KeyCount; i++)
        {
            Result<KeyResult> looked = await runner.LookAsync(caller, keyspace, words.Key(i));
            if (!looked.TryGet(out KeyResult found, out OperationError? error))
            {
                return ReadyReply.Refuse(ErrorWords.Of(error, runner.IsReady));
            }

            if (!session.Watched.Exists(w => w.Key == words.Key(i)))
            {
                session.Watched.Add(new WatchedKey(words.Key(i), found.Version));
            }
        }

        return ReadyReply.Ok;
    }

    private async Task<Pending> ExecuteAsync(Session session, Caller caller)
    {
        if (session.Queued is not { } queued)
        {
            return ReadyReply.Refuse("ERR EXEC without MULTI");
        }

        WatchedKey[] watched = [.. session.Watched];
        bool isSpoilt = session.IsSpoilt;
        bool isElsewhere = watched.Length > 0 && session.WatchedIn != session.Keyspace;
        session.EndTransaction();
        if (isSpoilt || isElsewhere)
        {
            return ReadyReply.Refuse(isSpoilt ? Aborted : "ERR keys of another database are watched");
        }

        if (!(await databases.FindAsync(session, caller)).TryGet(
            out KeyspaceSnapshot? keyspace, out OperationError? none))
        {
            return ReadyReply.Refuse(ErrorWords.Of(none, runner.IsReady));
        }

        KeyAction[] actions = [.. queued.SelectMany(q => q.Actions)];
        ValueTask<Result<KeysChanged>> asked = runner.TransactAsync(session, caller, keyspace, actions, watched);
        return new TransactionPending(
            asked, (to, result) => Write(to, queued, result)) { Bytes = actions.Sum(a => a.SizeBytes) };
    }

    private void Write(RespWriter to, List<QueuedCommand> queued, Result<KeysChanged> result)
    {
        if (!result.TryGet(out KeysChanged? changed, out OperationError? error))
        {
            if (error.Code == ProblemCode.VersionMismatch)
            {
                to.NullArray();
            }
            else
            {
                to.Error(ErrorWords.Of(error, runner.IsReady));
            }

            return;
        }

        if (changed.IsRepeat)
        {
            to.Error("ERR done, but the answers were lost with the server that gave them; read the keys");
            return;
        }

        to.Array(queued.Count);
        ReadOnlySpan<KeyResult> rest = changed.Results;
        foreach (QueuedCommand command in queued)
        {
            Write(to, command, rest[..command.Actions.Length]);
            rest = rest[command.Actions.Length..];
        }
    }

    private static void Write(RespWriter to, QueuedCommand command, ReadOnlySpan<KeyResult> results)
    {
        if (command.Known is { } known)
        {
            known.Write(to);
            return;
        }

        foreach (KeyResult result in results)
        {
            if (KeyFaults.Of(result, command.WantsValue) is var fault and not KeyFault.None)
            {
                to.Error(ErrorWords.Of(fault));
                return;
            }
        }

        command.Reply!(to, results);
    }
}
