using System.Collections.Frozen;
using Grains.Resp.Protocol;
using Grains.Resp.Replies;

namespace Grains.Resp.Commands;

/// <summary>The commands that there are, by name.</summary>
internal sealed class CommandTable
{
    private const int _nameMax = 32;

    private readonly FrozenDictionary<string, RespCommand> _commands;

    private readonly FrozenDictionary<string, RespCommand>.AlternateLookup<ReadOnlySpan<char>> _bySpan;

    public CommandTable(
        SessionCommands session, ServerCommands server, ClientCommands client, ClusterCommands cluster,
        TransactionCommands transactions,
        ScanCommands scans)
    {
        _commands = new[]
        {
            StringCommands.All, ExpiryCommands.All, ManyKeyCommands.All, session.All, server.All, client.All,
            cluster.All,
            transactions.All, scans.All, [new RespCommand("command", -1) { Answer = (_, words) => Describe(words) }],
        }.SelectMany(c => c).ToFrozenDictionary(c => c.Name);
        _bySpan = _commands.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public IEnumerable<RespCommand> All => _commands.Values;

    /// <summary>Null: there is none of that name.</summary>
    public RespCommand? Find(ReadOnlySpan<byte> verb)
    {
        Span<char> name = stackalloc char[_nameMax];
        if (verb.Length > _nameMax)
        {
            return null;
        }

        for (int i = 0; i < verb.Length; i++)
        {
            byte letter = verb[i];
            name[i] = (char)(letter is >= (byte)'A' and <= (byte)'Z' ? letter | 0x20 : letter);
        }

        return _bySpan.TryGetValue(name[..verb.Length], out RespCommand? command) ? command : null;
    }

    private Pending Describe(Arguments words)
    {
        if (words.Count == 1)
        {
            return new ReadyReply(to => Write(to, [.. _commands.Values]));
        }

        switch (words.Text(1).ToLowerInvariant())
        {
            case "count":
                return new ReadyReply(to => to.Integer(_commands.Count));
            case "docs":
                return new ReadyReply(to => to.Map(0));
            case "list":
                return new ReadyReply(to =>
                {
                    to.Array(_commands.Count);
                    foreach (string name in _commands.Keys)
                    {
                        to.Bulk(name);
                    }
                });
            case "info":
                RespCommand?[] asked = words.Count == 2 ? [.. _commands.Values]
                    : [.. Enumerable.Range(2, words.Count - 2).Select(i => Find(words[i]))];
                return new ReadyReply(to => Write(to, asked));
            default:
                return ReadyReply.Refuse(
                    $"ERR unknown subcommand '{words.Text(1)}'. Try COMMAND COUNT, DOCS, LIST or INFO.");
        }
    }

    /// <summary>Name, arity, flags, where keys are, and the three lists that came with later versions.</summary>
    private static void Write(RespWriter to, RespCommand?[] commands)
    {
        to.Array(commands.Length);
        foreach (RespCommand? command in commands)
        {
            if (command is null)
            {
                to.NullArray();
                continue;
            }

            to.Array(10);
            to.Bulk(command.Name);
            to.Integer(command.Arity);
            to.Array(1);
            to.Simple(command.Writes ? "write" : "readonly");
            to.Integer(command.Keys.First);
            to.Integer(command.Keys.Last);
            to.Integer(command.Keys.Step);
            to.Array(0);
            to.Array(0);
            to.Array(0);
            to.Array(0);
        }
    }
}
