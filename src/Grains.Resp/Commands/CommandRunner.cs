using System.Text;
using Grains.Operations.Access;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Operations.Syntax;
using Grains.Resp.Cluster;
using Grains.Resp.Protocol;
using Grains.Resp.Replies;
using Grains.Resp.Sessions;
using Grains.StateMachines.Ids;

namespace Grains.Resp.Commands;

/// <summary>Takes commands from the table and begins them, in order; adds the reply of each.</summary>
internal sealed class CommandRunner(CommandTable table, KeyRunner keys, Databases databases, ClusterMap map)
{
    private const int _shownCharsMax = 128;

    /// <summary>Begins one. Waits only where something must be answered before it.</summary>
    public ValueTask RunAsync(Session session, Arguments words, ReplyPipeline replies)
    {
        if (Refuse(session, words, out RespCommand? command, out Caller caller) is { } refused)
        {
            replies.Add(refused);
            return default;
        }

        if (session.Queued is not null
            && command!.Name is not ("exec" or "discard" or "multi" or "watch" or "reset" or "quit"))
        {
            replies.Add(TransactionCommands.Queue(session, command, words));
            return default;
        }

        if (command!.Answer is { } answer)
        {
            replies.Add(answer(session, words));
            return default;
        }

        return command.Run is { } run
            ? RunAloneAsync(session, words, caller, run, replies)
            : BeginAsync(session, words, caller, command, replies);
    }

    private async ValueTask RunAloneAsync(
        Session session, Arguments words, Caller caller, Func<Session, Arguments, Caller, Task<Pending>> run,
        ReplyPipeline replies)
    {
        await replies.WaitUntilSentAsync();
        replies.Add(await run(session, words, caller));
    }

    /// <summary>Of who it is, whether there is such a command, and of its keys; null = it may begin.</summary>
    private Pending? Refuse(Session session, Arguments words, out RespCommand? command, out Caller caller)
    {
        caller = default;
        command = table.Find(words[0]);
        if (command is null)
        {
            return session.CallerNow is null
                ? ReadyReply.Refuse(ErrorWords.NoAuth)
                : TransactionCommands.Spoil(session, Unknown(words));
        }

        if (!command.IsForStrangers)
        {
            if (session.CallerNow is not { } known)
            {
                return ReadyReply.Refuse(ErrorWords.NoAuth);
            }

            caller = known;
        }

        return !command.Takes(words.Count)
            ? TransactionCommands.Spoil(session, $"ERR wrong number of arguments for '{command.Name}' command")
            : TakeKeys(session, words, command);
    }

    private ValueTask BeginAsync(
        Session session, Arguments words, Caller caller, RespCommand command, ReplyPipeline replies)
    {
        KeyPlan plan = command.Plan!(words);
        if (plan.Error is { } error)
        {
            replies.Add(ReadyReply.Refuse(error));
            return default;
        }

        if (command.Writes && KeyRunner.MustWait(session, words))
        {
            return WaitAndBeginAsync(session, caller, plan, replies);
        }

        ValueTask<Result<KeyspaceSnapshot>> found = databases.FindAsync(session, caller);
        if (!found.IsCompletedSuccessfully)
        {
            return FindAndBeginAsync(found, session, caller, plan, replies);
        }

        Begin(found.Result, session, caller, plan, replies);
        return default;
    }

    private async ValueTask WaitAndBeginAsync(Session session, Caller caller, KeyPlan plan, ReplyPipeline replies)
    {
        await replies.WaitUntilSentAsync();
        Begin(await databases.FindAsync(session, caller), session, caller, plan, replies);
    }

    private async ValueTask FindAndBeginAsync(
        ValueTask<Result<KeyspaceSnapshot>> found, Session session, Caller caller, KeyPlan plan,
        ReplyPipeline replies) =>
        Begin(await found, session, caller, plan, replies);

    private void Begin(
        Result<KeyspaceSnapshot> found, Session session, Caller caller, in KeyPlan plan, ReplyPipeline replies) =>
        replies.Add(
            !found.TryGet(out KeyspaceSnapshot? keyspace, out OperationError? none)
                ? ReadyReply.Refuse(ErrorWords.Of(none, keys.IsReady))
            : map.Redirect(session, keyspace, plan.First, plan.Many) is { } moved ? ReadyReply.Refuse(moved)
            : keys.Begin(session, caller, keyspace, plan));

    private static Pending? TakeKeys(Session session, Arguments words, RespCommand command)
    {
        if (command.Keys.First == 0)
        {
            return null;
        }

        int last = command.Keys.Last < 0 ? words.Count + command.Keys.Last : command.Keys.Last;
        for (int i = command.Keys.First; i <= last; i += command.Keys.Step)
        {
            if (!Names.Key(words[i], "key").TryGet(out Utf8Name key, out OperationError? error))
            {
                return TransactionCommands.Spoil(session, ErrorWords.Of(error));
            }

            words.AddKey(key);
        }

        return null;
    }

    /// <summary>In Redis' own words.</summary>
    private static string Unknown(Arguments words)
    {
        var shown = new StringBuilder();
        for (int i = 1; i < words.Count && shown.Length < _shownCharsMax; i++)
        {
            shown.Append('\'').Append(Short(words, i, _shownCharsMax - shown.Length)).Append("' ");
        }

        return $"ERR unknown command '{Short(words, 0, _shownCharsMax)}', with args beginning with: {shown}";
    }

    private static string Short(Arguments words, int index, int charsMax)
    {
        string text = Encoding.Latin1.GetString(words[index][..Math.Min(words[index].Length, charsMax)]);
        return string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
    }
}
