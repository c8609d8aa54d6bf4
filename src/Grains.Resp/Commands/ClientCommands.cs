using Grains.Resp.Protocol;
using Grains.Resp.Replies;
using Grains.Resp.Sessions;

namespace Grains.Resp.Commands;

/// <summary>CLIENT: what connections say of themselves.</summary>
internal sealed class ClientCommands(OpenSessions open)
{
    public IEnumerable<RespCommand> All => [new("client", -2) { Answer = Answer }];

    /// <summary>Visible ASCII, as it stands among others in one line.</summary>
    public static bool IsName(ReadOnlySpan<byte> name) =>
        name.Length <= RespLimits.ClientNameBytesMax && !name.ContainsAnyExceptInRange((byte)'!', (byte)'~');

    private Pending Answer(Session session, Arguments words) => (words.Text(1).ToLowerInvariant(), words.Count) switch
    {
        ("id", 2) => new ReadyReply(to => to.Integer(session.Id)),
        ("getname", 2) => Name(session.Name),
        ("setname", 3) => SetName(session, words),
        ("setinfo", 4) => SetInfo(session, words),
        ("info", 2) => Text(session.Describe()),
        ("list", _) => Text(string.Join('\n', open.All.Select(s => s.Describe()))),
        ("no-evict" or "no-touch", 3) when words.Is(2, "on") || words.Is(2, "off") => ReadyReply.Ok,
        ("id" or "getname" or "setname" or "setinfo" or "info" or "no-evict" or "no-touch", _) =>
            ReadyReply.Refuse($"ERR wrong number of arguments for 'client|{words.Text(1).ToLowerInvariant()}' command"),
        _ => ReadyReply.Refuse(
            $"ERR unknown subcommand '{words.Text(1)}'. Try CLIENT ID, GETNAME, SETNAME, SETINFO, INFO or LIST."),
    };

    private static ReadyReply Name(string name) => name.Length == 0 ? ReadyReply.Null : new(to => to.Bulk(name));

    private static ReadyReply Text(string lines) => new(to => to.Verbatim(lines + "\n"));

    private static ReadyReply SetName(Session session, Arguments words)
    {
        if (!IsName(words[2]))
        {
            return ReadyReply.Refuse("ERR Client names cannot contain spaces, newlines or special characters.");
        }

        session.Name = words.Text(2);
        return ReadyReply.Ok;
    }

    private static ReadyReply SetInfo(Session session, Arguments words)
    {
        if (!IsName(words[3]))
        {
            return ReadyReply.Refuse($"ERR {words.Text(2)} cannot contain spaces, newlines or special characters.");
        }

        if (words.Is(2, "lib-name"))
        {
            session.Library = words.Text(3);
        }
        else if (words.Is(2, "lib-ver"))
        {
            session.LibraryVersion = words.Text(3);
        }
        else
        {
            return ReadyReply.Refuse($"ERR Unrecognized option '{words.Text(2)}'");
        }

        return ReadyReply.Ok;
    }
}
