using Grains.Checkers.Registers;

namespace Grains.Checkers.Tests;

/// <summary>A history of one key, written down with its times.</summary>
internal sealed class RegisterHistory
{
    private readonly List<Operation<RegisterCall, RegisterResult>> _operations = [];

    public IReadOnlyList<Operation<RegisterCall, RegisterResult>> Operations => _operations;

    public RegisterHistory Add(long callNs, long returnNs, RegisterCall call, RegisterResult result) =>
        Add(new Operation<RegisterCall, RegisterResult>
        {
            Process = _operations.Count,
            Key = "k",
            Call = call,
            CallNs = callNs,
            ReturnNs = returnNs,
            Result = result,
        });

    public RegisterHistory AddUnknown(long callNs, RegisterCall call) =>
        Add(
            new Operation<RegisterCall,
            RegisterResult> { Process = _operations.Count, Key = "k", Call = call, CallNs = callNs });

    private RegisterHistory Add(Operation<RegisterCall, RegisterResult> operation)
    {
        _operations.Add(operation);
        return this;
    }
}
