using Grains.Operations.Access;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Operations.Keyspaces;
using Grains.Resp.Cluster;
using Grains.Resp.Protocol;
using Grains.Resp.Replies;
using Grains.Resp.Sessions;
using Grains.StateMachines.Codecs;

namespace Grains.Resp.Commands;

/// <summary>Who a connection is, which protocol it speaks and which database it means.</summary>
internal sealed class SessionCommands(RespAccess access, KeyspaceOperations keyspaces, ClusterMap map)
{
    /// <summary>The version whose commands are those that there are here.</summary>
    public const string RedisVersion = "7.2.0";

    public IEnumerable<RespCommand> All =>
    [
        new("auth", -2) { IsForStrangers = true, Answer = Enter },
        new("hello", -1) { IsForStrangers = true, Answer = Hello },
        new("reset", 1) { IsForStrangers = true, Answer = (session, _) => Reset(session) },
        new("quit", -1) { IsForStrangers = true, Answer = (_, _) => new LastReply(to => to.Ok()) },
        new("select", 2) { Answer = Select },
        new("swapdb", 3)
        {
            Answer = (_, _) =>
                ReadyReply.Refuse("ERR SWAPDB is not supported: a database is a keyspace with keys of its own")
        },
        new("grains.use", 2) { Run = UseAsync },
    ];

    private Pending Enter(Session session, Arguments words)
    {
        if (words.Count > 3)
        {
            return ReadyReply.Syntax;
        }

        if (!access.AsksForKeys)
        {
            return ReadyReply.Refuse(
                "ERR AUTH <password> called without any password configured for the default user. Are you sure your "
                + "configuration is correct?");
        }

        return access.Enter(session, words.Count == 3 ? words.Text(1) : "default", words[^1]) ?? ReadyReply.Ok;
    }

    private Pending Hello(Session session, Arguments words)
    {
        int protocol = session.Protocol;
        if (words.Count > 1)
        {
            if (!SignedNumber.TryParse(words[1], out long wanted))
            {
                return ReadyReply.Refuse("ERR Protocol version is not an integer or out of range");
            }

            if (wanted is not (2 or 3))
            {
                return ReadyReply.Refuse("NOPROTO unsupported protocol version");
            }

            protocol = (int)wanted;
        }

        string? name = null;
        for (int i = 2; i < words.Count; i++)
        {
            if (words.Is(i, "auth") && i + 2 < words.Count)
            {
                if (access.AsksForKeys && access.Enter(session, words.Text(i + 1), words[i + 2]) is { } refused)
                {
                    return refused;
                }

                i += 2;
            }
            else if (words.Is(i, "setname") && i + 1 < words.Count && ClientCommands.IsName(words[i + 1]))
            {
                name = words.Text(++i);
            }
            else
            {
                return ReadyReply.Refuse($"ERR Syntax error in HELLO option '{words.Text(i)}'");
            }
        }

        if (session.CallerNow is null)
        {
            return ReadyReply.Refuse(
                "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH "
                + "<user> <pass> option can be used to authenticate the client and select the RESP protocol version "
                + "at the same time");
        }

        session.Protocol = protocol;
        session.Name = name ?? session.Name;
        return new ReadyReply(to => Greet(to, protocol, session.Id, map.Mode));
    }

    private static void Greet(RespWriter to, int protocol, long id, string mode)
    {
        to.Protocol = protocol;
        to.Map(7);
        to.Bulk("server");
        to.Bulk("redis");
        to.Bulk("version");
        to.Bulk(RedisVersion);
        to.Bulk("proto");
        to.Integer(protocol);
        to.Bulk("id");
        to.Integer(id);
        to.Bulk("mode");
        to.Bulk(mode);
        to.Bulk("role");
        to.Bulk("master");
        to.Bulk("modules");
        to.Array(0);
    }

    private ReadyReply Reset(Session session)
    {
        session.EndTransaction();
        session.Caller = access.Greet(session.From);
        session.Life = null;
        session.KnowsMap = false;
        session.Name = "";
        session.Protocol = 2;
        Use(session, 0);
        return new ReadyReply(to =>
        {
            to.Protocol = 2;
            to.Simple("RESET");
        });
    }

    private static ReadyReply Select(Session session, Arguments words)
    {
        if (!SignedNumber.TryParse(words[1], out long number))
        {
            return ReadyReply.Refuse("ERR invalid DB index");
        }

        if (number is < 0 or >= Databases.Count)
        {
            return ReadyReply.Refuse("ERR DB index is out of range");
        }

        Use(session, (int)number);
        return ReadyReply.Ok;
    }

    private async Task<Pending> UseAsync(Session session, Arguments words, Caller caller)
    {
        string name = words.Text(1);
        if (!(await keyspaces.GetAsync(caller, name)).TryGet(out KeyspaceSnapshot? there, out OperationError? error))
        {
            return ReadyReply.Refuse(
                error.Code == Api.Problems.ProblemCode.KeyspaceNotFound ? $"ERR {error.Detail}" : ErrorWords.Of(error));
        }

        (session.Keyspace, session.Database) = (there.Name, null);
        return ReadyReply.Ok;
    }

    private static void Use(Session session, int number) =>
        (session.Keyspace, session.Database) = (Databases.NameOf(number), number);
}
