using Grains.Checkers.Registers;

namespace Grains.Checkers.Tests.Linearizability;

/// <summary>Histories that a correct register could have made, some of them then spoiled.</summary>
internal static class RandomHistories
{
    public static IReadOnlyList<Operation<RegisterCall, RegisterResult>> Next(Random random, bool spoil)
    {
        int count = random.Next(1, 8);
        int clients = random.Next(1, 5);
        var freeAt = new long[clients];
        var operations = new List<Operation<RegisterCall, RegisterResult>>();
        RegisterState state = RegisterState.Absent;
        long revision = 0;
        long effect = 0;
        for (int i = 0; i < count; i++)
        {
            // The effects come in the order of this loop; calls and returns are drawn around them.
            int client = random.Next(clients);
            effect = Math.Max(effect + random.Next(1, 6), freeAt[client] + 1);
            long call = random.NextInt64(freeAt[client], effect);
            long end = effect + random.Next(0, 8);
            freeAt[client] = end + 1;
            bool known = random.Next(6) != 0;
            bool happens = known || random.Next(2) == 0;
            RegisterCall asked = NextCall(random, i, state);
            RegisterResult result = happens ? Apply(asked, ref state, ref revision) : RegisterResult.Absent;
            if (spoil && random.Next(5) == 0)
            {
                result = Spoil(random, result);
            }

            operations.Add(new Operation<RegisterCall, RegisterResult>
            {
                Process = i,
                Key = "k",
                Call = asked,
                CallNs = call,
                ReturnNs = known ? end : Operation<RegisterCall, RegisterResult>.Never,
                Result = known ? result : null,
            });
        }

        return operations;
    }

    private static RegisterCall NextCall(Random random, int i, RegisterState state)
    {
        long? condition = random.Next(3) == 0 ? random.Next(2) == 0 ? state.Version : random.Next(0, 4) : null;
        return random.Next(5) switch
        {
            0 or 1 => RegisterCall.Get,
            2 => RegisterCall.Delete(condition),
            _ => RegisterCall.Put($"v{i}", condition),
        };
    }

    private static RegisterResult Apply(RegisterCall call, ref RegisterState state, ref long revision)
    {
        if (call.Action == RegisterAction.Get)
        {
            return state.Exists ? RegisterResult.Found(state.Value!, state.Version) : RegisterResult.Absent;
        }

        if (call.IfVersion is { } wanted && wanted != state.Version)
        {
            return RegisterResult.Mismatch(state.Version);
        }

        if (call.Action == RegisterAction.Delete && !state.Exists)
        {
            return RegisterResult.Absent;
        }

        revision++;
        state = call.Action == RegisterAction.Put
            ? new RegisterState(call.Value, revision, revision)
            : new RegisterState(null, 0, revision);
        return call.Action == RegisterAction.Put ? RegisterResult.Written(revision) : RegisterResult.Deleted;
    }

    private static RegisterResult Spoil(Random random, RegisterResult result) => random.Next(3) switch
    {
        0 => result with { Version = random.Next(0, 5) },
        1 => result with { Value = result.Value is null ? null : $"v{random.Next(0, 4)}" },
        _ => RegisterResult.Absent,
    };
}
