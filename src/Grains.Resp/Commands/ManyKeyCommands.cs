using Grains.Resp.Protocol;
using Grains.Resp.Replies;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;

namespace Grains.Resp.Commands;

/// <summary>Commands of many keys, and of two.</summary>
internal static class ManyKeyCommands
{
    private static readonly KeyReply _type = (to, results) => to.Simple(results[0].Existed ? "string" : "none");

    public static IEnumerable<RespCommand> All =>
    [
        Read("mget", a => new ReadKey { Key = default, WithValue = true }, KeyReplies.Values),
        Read("exists", _ => new ReadKey { Key = default }, KeyReplies.CountExisting),
        Read("touch", _ => new ReadKey { Key = default }, KeyReplies.CountExisting),
        new("type", 2)
        {
            Keys = (1, 1, 1), Plan = a => KeyPlan.Of(new ReadKey { Key = a.Key(0) }, _type) with { IsPlainRead = true }
        },
        Delete("del"),
        Delete("unlink"),
        new("mset", -3) { Keys = (1, -1, 2), Writes = true, Plan = a => SetMany(a, "mset", KeyReplies.Ok) },
        new("msetnx", -3) { Keys = (1, -1, 2), Writes = true, Plan = SetNew },
        new("rename", 3) { Keys = (1, 2, 1), Writes = true, Plan = a => Move(a, replaces: true, KeyReplies.Ok) },
        new("renamenx", 3)
        {
            Keys = (1, 2, 1), Writes = true, Plan = a => Move(a, replaces: false, KeyReplies.Changed)
        },
        new("copy", -3) { Keys = (1, 2, 1), Writes = true, Plan = Copy },
    ];

    private static RespCommand Read(string name, Func<Arguments, ReadKey> form, KeyReply reply) => new(name, -2)
    {
        Keys = (1, -1, 1),
        Plan = a => KeyPlan.Of(Each(a, key => form(a) with { Key = key }), reply) with { IsPlainRead = true },
    };

    private static RespCommand Delete(string name) => new(name, -2)
    {
        Keys = (1, -1, 1),
        Writes = true,
        Plan = a => KeyPlan.Of(Each(a, key => new RemoveKey { Key = key }), KeyReplies.CountChanged),
    };

    private static KeyAction[] Each(Arguments a, Func<Utf8Name, KeyAction> action)
    {
        var actions = new KeyAction[a.KeyCount];
        for (int i = 0; i < actions.Length; i++)
        {
            actions[i] = action(a.Key(i));
        }

        return actions;
    }

    private static KeyPlan SetMany(Arguments a, string command, KeyReply reply)
    {
        if (a.Count % 2 == 0)
        {
            return KeyPlan.Refuse($"ERR wrong number of arguments for '{command}' command");
        }

        var actions = new KeyAction[a.KeyCount];
        for (int i = 0; i < actions.Length; i++)
        {
            actions[i] = new SetKey { Key = a.Key(i), Value = a[(2 * i) + 2].ToArray() };
        }

        return KeyPlan.Of(actions, reply);
    }

    /// <summary>All of them, if none is there: the condition of each is looked at before the first is set.</summary>
    private static KeyPlan SetNew(Arguments a)
    {
        KeyPlan plan = SetMany(a, "msetnx", KeyReplies.Changed);
        return plan.Error is not null ? plan
            : plan.One is SetKey one ? KeyPlan.Of(one with { Condition = ConditionKind.Absent }, KeyReplies.Changed)
            : plan with { NeedsAbsence = true };
    }

    private static KeyPlan Move(Arguments a, bool replaces, KeyReply reply) =>
        KeyPlan.Of(new CopyKey { Key = a.Key(0), To = a.Key(1), Moves = true, Replaces = replaces }, reply);

    private static KeyPlan Copy(Arguments a)
    {
        bool replaces = false;
        for (int i = 3; i < a.Count; i++)
        {
            if (a.Is(i, "db"))
            {
                return KeyPlan.Refuse("ERR COPY to another database is not supported");
            }

            if (!a.Is(i, "replace"))
            {
                return KeyPlan.Syntax;
            }

            replaces = true;
        }

        if (a.Key(0) == a.Key(1))
        {
            return KeyPlan.Refuse("ERR source and destination objects are the same");
        }

        // No such key is 0 here, not an error.
        KeyReply reply = (to, results) => to.Flag(results[0].Changed);
        return KeyPlan.Of(new CopyKey { Key = a.Key(0), To = a.Key(1), Replaces = replaces }, reply);
    }
}
