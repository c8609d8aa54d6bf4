namespace Grains.Checkers.Registers;

public enum RegisterOutcome
{
    /// <summary>A get found the value.</summary>
    Found = 1,

    /// <summary>A get or a delete found no key.</summary>
    Absent = 2,

    /// <summary>A put counted; the version is its own.</summary>
    Written = 3,

    Deleted = 4,

    /// <summary>The condition did not hold; the version is the current one, 0 if the key is absent.</summary>
    Mismatch = 5,
}

/// <summary>What the server said.</summary>
public sealed record RegisterResult(RegisterOutcome Outcome, long Version = 0, string? Value = null)
{
    public static readonly RegisterResult Absent = new(RegisterOutcome.Absent);

    public static readonly RegisterResult Deleted = new(RegisterOutcome.Deleted);

    public static RegisterResult Found(string value, long version) => new(RegisterOutcome.Found, version, value);

    public static RegisterResult Written(long version) => new(RegisterOutcome.Written, version);

    public static RegisterResult Mismatch(long current) => new(RegisterOutcome.Mismatch, current);

    public override string ToString() =>
        $"{Outcome}{(Value is null ? "" : $" {Value}")}{(Version == 0 ? "" : $" v{Version}")}";
}
