namespace Grains.Checkers.Registers;

public enum RegisterAction
{
    Get = 1,
    Put = 2,
    Delete = 3,
}

/// <summary>What a client asks of one key. Values should be unique per put: a stale one is then seen as such.</summary>
/// <param name="IfVersion">The write counts only at this version; 0 = only if the key is absent; null = always.</param>
public sealed record RegisterCall(RegisterAction Action, string? Value = null, long? IfVersion = null)
{
    public static readonly RegisterCall Get = new(RegisterAction.Get);

    public static RegisterCall Put(string value, long? ifVersion = null) => new(RegisterAction.Put, value, ifVersion);

    public static RegisterCall Delete(long? ifVersion = null) => new(RegisterAction.Delete, null, ifVersion);

    public override string ToString() =>
        $"{Action}{(Value is null ? "" : $" {Value}")}{(IfVersion is null ? "" : $" if v{IfVersion}")}";
}
