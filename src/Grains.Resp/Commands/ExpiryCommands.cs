using Grains.Resp.Protocol;
using Grains.Resp.Replies;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Keyspaces;

namespace Grains.Resp.Commands;

/// <summary>When keys end.</summary>
internal static class ExpiryCommands
{
    private const int _secondMs = 1_000;

    public static IEnumerable<RespCommand> All =>
    [
        Write("expire", -3, a => Expire(a, "expire", KeyExpiryKind.After, _secondMs)),
        Write("pexpire", -3, a => Expire(a, "pexpire", KeyExpiryKind.After, 1)),
        Write("expireat", -3, a => Expire(a, "expireat", KeyExpiryKind.At, _secondMs)),
        Write("pexpireat", -3, a => Expire(a, "pexpireat", KeyExpiryKind.At, 1)),
        Write("persist", 2, Persist),
        Write("getex", -2, GetAndExpire),
        Read("ttl", 2, r => r.LeftMs, Seconds),
        Read("pttl", 2, r => r.LeftMs, ms => ms),
        Read("expiretime", 2, r => r.ExpiresAtMs, Seconds),
        Read("pexpiretime", 2, r => r.ExpiresAtMs, ms => ms),
    ];

    private static RespCommand Write(string name, int arity, Func<Arguments, KeyPlan> plan) =>
        new(name, arity) { Keys = (1, 1, 1), Plan = plan, Writes = true };

    /// <summary>-2 where there is no key, -1 where it has no end.</summary>
    private static RespCommand Read(string name, int arity, Func<KeyResult, long> time, Func<long, long> unit) =>
        new(name, arity)
    {
        Keys = (1, 1, 1),
        Plan = a => KeyPlan.Of(
            new ReadKey { Key = a.Key(0) },
            (to, results) =>
                to.Integer(!results[0].Existed ? -2 : results[0].ExpiresAtMs == 0 ? -1 : unit(time(results[0])))),
    };

    /// <summary>Rounded as Redis does: what has 1,999 ms left has 2 s.</summary>
    private static long Seconds(long ms) => (ms + (_secondMs / 2)) / _secondMs;

    private static KeyPlan Expire(Arguments a, string command, KeyExpiryKind kind, int unitMs)
    {
        if (!ExpiryWords.TryMs(a[2], unitMs, out long ms))
        {
            return KeyPlan.Refuse(
                SignedNumber.TryParse(a[2], out _) ? ExpiryWords.Invalid(command) : ErrorWords.NotAnInteger);
        }

        return ReadCondition(a, out ExpiryCondition condition) is { } error ? KeyPlan.Refuse(error)
            : KeyPlan.Of(
                new SetExpiry { Key = a.Key(0), Expiry = new KeyExpiry(kind, ms), Condition = condition },
                KeyReplies.Changed);
    }

    /// <summary>Any of NX, XX, GT and LT behind the time, as far as they go together.</summary>
    /// <returns>Why they do not.</returns>
    private static string? ReadCondition(Arguments a, out ExpiryCondition condition)
    {
        (bool isNone, bool isAny, bool isLater, bool isEarlier) = (false, false, false, false);
        condition = default;
        for (int i = 3; i < a.Count; i++)
        {
            (bool nx, bool xx, bool gt, bool lt) = (a.Is(i, "nx"), a.Is(i, "xx"), a.Is(i, "gt"), a.Is(i, "lt"));
            if (!nx && !xx && !gt && !lt)
            {
                return $"ERR Unsupported option {a.Text(i)}";
            }

            (isNone, isAny, isLater, isEarlier) = (isNone || nx, isAny || xx, isLater || gt, isEarlier || lt);
        }

        // A key without an end ends later than all, so nothing is later: GT means XX too.
        condition = isNone ? ExpiryCondition.IfNone
            : isLater ? ExpiryCondition.IfLater
            : isEarlier ? isAny ? ExpiryCondition.IfAnyEarlier : ExpiryCondition.IfEarlier
            : isAny ? ExpiryCondition.IfAny
            : ExpiryCondition.Always;
        return isNone && (isAny || isLater || isEarlier)
            ? "ERR NX and XX, GT or LT options at the same time are not compatible"
            : isLater && isEarlier ? "ERR GT and LT options at the same time are not compatible"
            : null;
    }

    private static KeyPlan Persist(Arguments a) => KeyPlan.Of(
        new SetExpiry { Key = a.Key(0), Expiry = default, Condition = ExpiryCondition.IfAny }, KeyReplies.Changed);

    private static KeyPlan GetAndExpire(Arguments a)
    {
        if (a.Count == 2)
        {
            return KeyPlan.Of(new ReadKey { Key = a.Key(0), WithValue = true }, KeyReplies.Value);
        }

        KeyExpiry expiry = default;
        if (a.Count == 4 && ExpiryWords.IsOne(a, 2))
        {
            if (!ExpiryWords.TryRead(a, 2, "getex", out expiry, out string? error))
            {
                return KeyPlan.Refuse(error!);
            }
        }
        else if (a.Count != 3 || !a.Is(2, "persist"))
        {
            return KeyPlan.Syntax;
        }

        var set = new SetExpiry { Key = a.Key(0), Expiry = expiry, WithValue = true };
        return KeyPlan.Of(set, KeyReplies.Value) with { WantsValue = true };
    }
}
