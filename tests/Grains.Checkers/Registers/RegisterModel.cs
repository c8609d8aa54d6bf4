using Grains.Checkers.Linearizability;

namespace Grains.Checkers.Registers;

/// <summary>
/// A key with put, get, delete and compare-and-set by version. Versions only rise, also over a deletion, so that a
/// version is never used twice for one key. A put whose answer was lost has a version that nobody knows until a later
/// answer tells it.
/// </summary>
public sealed class RegisterModel : ISequentialModel<RegisterState, RegisterCall, RegisterResult>
{
    public RegisterState Initial => RegisterState.Absent;

    public bool TryStep(
        RegisterState state, Operation<RegisterCall, RegisterResult> operation, out RegisterState next)
    {
        next = state;
        if (!operation.IsKnown)
        {
            return TryStepUnknown(state, operation.Call, out next);
        }

        RegisterResult result = operation.Result!;
        RegisterCall call = operation.Call;
        return (call.Action, result.Outcome) switch
        {
            (RegisterAction.Get, RegisterOutcome.Found) =>
                state.Value == result.Value && TryLearn(state, result.Version, out next),
            (RegisterAction.Get, RegisterOutcome.Absent) => !state.Exists,
            (RegisterAction.Put, RegisterOutcome.Written) => TryWrite(state, call, result.Version, out next),
            (RegisterAction.Delete, RegisterOutcome.Deleted) => TryDelete(state, call, out next),
            (RegisterAction.Delete, RegisterOutcome.Absent) => !state.Exists,
            (RegisterAction.Put or RegisterAction.Delete, RegisterOutcome.Mismatch) =>
                call.IfVersion is { } wanted && wanted != result.Version && TryLearn(state, result.Version, out next),
            _ => false,
        };
    }

    private static bool TryWrite(RegisterState state, RegisterCall call, long version, out RegisterState next)
    {
        next = state;
        if (call.IfVersion is { } wanted && !TryLearn(state, wanted, out state))
        {
            return false;
        }

        next = new RegisterState(call.Value, version, version);
        return version > state.NewestVersion;
    }

    private static bool TryDelete(RegisterState state, RegisterCall call, out RegisterState next)
    {
        next = state;
        if (!state.Exists || (call.IfVersion is { } wanted && !TryLearn(state, wanted, out state)))
        {
            return false;
        }

        next = new RegisterState(null, 0, state.NewestVersion);
        return true;
    }

    /// <summary>An answer says that the current version is this one (0: that the key is absent). Can it be?</summary>
    private static bool TryLearn(RegisterState state, long version, out RegisterState next)
    {
        next = state;
        if (!state.Exists || version == 0)
        {
            return !state.Exists && version == 0;
        }

        if (state.Version != 0)
        {
            return state.Version == version;
        }

        next = state with { Version = version, NewestVersion = version };
        return version > state.NewestVersion;
    }

    /// <summary>
    /// The effect, if it had one. Without an effect the operation can stay out of the order, so that case needs no
    /// step.
    /// </summary>
    private static bool TryStepUnknown(RegisterState state, RegisterCall call, out RegisterState next)
    {
        next = state;
        if (call.Action == RegisterAction.Get
            || (call.IfVersion is { } wanted && !TryLearn(state, wanted, out state))
            || (call.Action == RegisterAction.Delete && !state.Exists))
        {
            return false;
        }

        next = call.Action == RegisterAction.Put
            ? new RegisterState(call.Value, 0, state.NewestVersion)
            : new RegisterState(null, 0, state.NewestVersion);
        return true;
    }
}
