namespace Grains.Checkers;

/// <summary>
/// One call with a known or unknown end. Times are ns of one monotonic clock; an unknown end is <see cref="Never"/>:
/// the call may take effect at any time after it was made, or not at all.
/// </summary>
public sealed record Operation<TCall, TResult>
{
    public const long Never = long.MaxValue;

    public required int Process { get; init; }

    public required string Key { get; init; }

    public required TCall Call { get; init; }

    public required long CallNs { get; init; }

    public long ReturnNs { get; init; } = Never;

    /// <summary>Meaningful only where <see cref="IsKnown"/>.</summary>
    public TResult? Result { get; init; }

    public bool IsKnown => ReturnNs != Never;

    public override string ToString() => IsKnown
        ? $"process {Process}: {Key} {Call} -> {Result} [{CallNs / 1000} us, {ReturnNs / 1000} us]"
        : $"process {Process}: {Key} {Call} -> unknown [{CallNs / 1000} us, …]";
}
