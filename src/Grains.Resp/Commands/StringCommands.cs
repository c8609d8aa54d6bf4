using Grains.Resp.Protocol;
using Grains.Resp.Replies;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Keyspaces;

namespace Grains.Resp.Commands;

/// <summary>Strings, one key each.</summary>
internal static class StringCommands
{
    private static readonly KeyReply _oldOrNull = (to, results) => to.BulkOrNull(results[0].Value);

    public static IEnumerable<RespCommand> All =>
    [
        Read("get", 2, a => Value(a)),
        Write("set", -3, Set),
        Write("setnx", 3, a => KeyPlan.Of(Put(a, a[2].ToArray(), condition: ConditionKind.Absent), KeyReplies.Changed)),
        Write("setex", 4, a => SetFor(a, 1_000)),
        Write("psetex", 4, a => SetFor(a, 1)),
        Write(
            "getset", 3,
            a => KeyPlan.Of(Put(a, a[2].ToArray(), withValue: true), _oldOrNull) with { WantsValue = true }),
        Write(
            "getdel", 2,
            a => KeyPlan.Of(new RemoveKey { Key = a.Key(0), WithValue = true }, _oldOrNull) with { WantsValue = true }),
        Write("incr", 2, a => Add(a, 1)),
        Write("decr", 2, a => Add(a, -1)),
        Write(
            "incrby", 3,
            a => SignedNumber.TryParse(a[2], out long by) ? Add(a, by) : KeyPlan.Refuse(ErrorWords.NotAnInteger)),
        Write("decrby", 3, Decrease),
        Write("incrbyfloat", 3, AddFloat),
        Write(
            "append", 3,
            a => KeyPlan.Of(new AppendBytes { Key = a.Key(0), Value = a[2].ToArray() }, KeyReplies.Number)),
        Read(
            "strlen", 2,
            a => KeyPlan.Of(new ReadKey { Key = a.Key(0) }, KeyReplies.Number) with { IsPlainRead = true }),
        Read("getrange", 4, Range),
        Read("substr", 4, Range),
        Write("setrange", 4, SetRange),
    ];

    private static RespCommand Read(string name, int arity, Func<Arguments, KeyPlan> plan) =>
        new(name, arity) { Keys = (1, 1, 1), Plan = plan };

    private static RespCommand Write(string name, int arity, Func<Arguments, KeyPlan> plan) =>
        new(name, arity) { Keys = (1, 1, 1), Plan = plan, Writes = true };

    private static KeyPlan Value(Arguments a) =>
        KeyPlan.Of(new ReadKey { Key = a.Key(0), WithValue = true }, KeyReplies.Value) with { IsPlainRead = true };

    private static SetKey Put(
        Arguments a, byte[] value, KeyExpiry expiry = default, ConditionKind condition = ConditionKind.Always,
        bool withValue = false) =>
        new() { Key = a.Key(0), Value = value, Expiry = expiry, Condition = condition, WithValue = withValue };

    private static KeyPlan Set(Arguments a)
    {
        if (a.Count == 3)
        {
            return KeyPlan.Of(Put(a, a[2].ToArray()), KeyReplies.Ok);
        }

        KeyExpiry? expiry = null;
        var condition = ConditionKind.Always;
        bool withValue = false;
        for (int i = 3; i < a.Count; i++)
        {
            if (a.Is(i, "nx") && condition == ConditionKind.Always)
            {
                condition = ConditionKind.Absent;
            }
            else if (a.Is(i, "xx") && condition == ConditionKind.Always)
            {
                condition = ConditionKind.Exists;
            }
            else if (a.Is(i, "get"))
            {
                withValue = true;
            }
            else if (a.Is(i, "keepttl") && expiry is null)
            {
                expiry = new KeyExpiry(KeyExpiryKind.Keep);
            }
            else if (expiry is null && i + 1 < a.Count && ExpiryWords.IsOne(a, i))
            {
                if (!ExpiryWords.TryRead(a, i++, "set", out KeyExpiry read, out string? error))
                {
                    return KeyPlan.Refuse(error!);
                }

                expiry = read;
            }
            else
            {
                return KeyPlan.Syntax;
            }
        }

        SetKey set = Put(a, a[2].ToArray(), expiry ?? default, condition, withValue);
        return KeyPlan.Of(set, withValue ? _oldOrNull : KeyReplies.OkOrNull) with { WantsValue = withValue };
    }

    private static KeyPlan SetFor(Arguments a, int unitMs) =>
        ExpiryWords.TryMs(a[2], unitMs, out long ms) && ms > 0
            ? KeyPlan.Of(Put(a, a[3].ToArray(), new KeyExpiry(KeyExpiryKind.After, ms)), KeyReplies.Ok)
            : KeyPlan.Refuse(
                SignedNumber.TryParse(a[2], out _)
                    ? ExpiryWords.Invalid(unitMs == 1 ? "psetex" : "setex")
                    : ErrorWords.NotAnInteger);

    private static KeyPlan Add(Arguments a, long by) =>
        KeyPlan.Of(new AddInteger { Key = a.Key(0), By = by }, KeyReplies.Number);

    private static KeyPlan Decrease(Arguments a) =>
        !SignedNumber.TryParse(a[2], out long by) ? KeyPlan.Refuse(ErrorWords.NotAnInteger)
        : by == long.MinValue ? KeyPlan.Refuse("ERR decrement would overflow")
        : Add(a, -by);

    private static KeyPlan AddFloat(Arguments a) => DecimalNumber.IsOne(a[2])
        ? KeyPlan.Of(new AddFloat { Key = a.Key(0), By = a[2].ToArray() }, KeyReplies.Value) with { WantsValue = true }
        : KeyPlan.Refuse(ErrorWords.NotANumber);

    private static KeyPlan Range(Arguments a)
    {
        if (!SignedNumber.TryParse(a[2], out long first) || !SignedNumber.TryParse(a[3], out long last))
        {
            return KeyPlan.Refuse(ErrorWords.NotAnInteger);
        }

        KeyReply part = (to, results) => to.Bulk(Part(results[0].Value, first, last));
        return KeyPlan.Of(new ReadKey { Key = a.Key(0), WithValue = true }, part) with { IsPlainRead = true };
    }

    private static ReadOnlySpan<byte> Part(byte[]? value, long first, long last)
    {
        int length = value?.Length ?? 0;
        first = Math.Max(0, first < 0 ? first + length : first);
        last = Math.Min(length - 1, last < 0 ? last + length : last);
        return first > last ? default : value.AsSpan((int)first, (int)(last - first + 1));
    }

    private static KeyPlan SetRange(Arguments a)
    {
        if (!SignedNumber.TryParse(a[2], out long offset))
        {
            return KeyPlan.Refuse(ErrorWords.NotAnInteger);
        }

        if (offset < 0)
        {
            return KeyPlan.Refuse("ERR offset is out of range");
        }

        return offset > RespLimits.BulkBytesMax - a[3].Length
            ? KeyPlan.Refuse(ErrorWords.Of(KeyFault.TooLong))
            : KeyPlan.Of(
                new WriteRange { Key = a.Key(0), Offset = (int)offset, Value = a[3].ToArray() }, KeyReplies.Number);
    }
}
