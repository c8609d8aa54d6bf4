using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Batches;

/// <summary>Refusals that several rules give, worded once.</summary>
internal static class Refusals
{
    private const int _mailboxFullRetryMs = 1000;
    private const int _noPlaceRetryMs = 1000;

    public static Refused Limit(string what, long size, long limit) =>
        new(
            Refusal.LimitExceeded,
            $"{char.ToUpperInvariant(what[0])}{what[1..]} of {size} bytes is not in the range 1 to {limit}.");

    public static Refused TooMany(string what, int count, int limit) =>
        new(Refusal.LimitExceeded, $"{count} {what} are over the limit of {limit}. Split the request.");

    /// <param name="growth">What is asked for adds so many bytes.</param>
    public static Refused PartitionFull(PartitionState state, long growth = 0)
    {
        string more = growth > 0 ? $" and {growth} more are asked for" : "";
        return new Refused(
            Refusal.PartitionFull,
            $"The partition holds {state.Totals.Bytes} bytes{more}; its budget is {state.Limits.PartitionBytesMax}. "
            + "Delete something, or let messages be acknowledged; those always pass.");
    }

    /// <summary>The same to a caller: deletes, acknowledgements and commits that shrink pass.</summary>
    public static readonly Refused ServerFull = new(
        Refusal.PartitionFull,
        "The server holds as much as its memory allows. Delete something, or let messages be acknowledged; those "
        + "always "
        + "pass. Or give it more memory (--memory), or the cluster more servers.");

    public static Refused MailboxFull(Utf8Name node, int waiting, int limit) => new(
        Refusal.MailboxFull, $"{waiting} messages wait at node '{node}'; its bound is {limit}. Send again later.")
    {
        RetryAfterMs = _mailboxFullRetryMs,
    };

    /// <summary>There is nothing to answer with yet, and no place to wait for it.</summary>
    public static Refused NoPlace(string why) => new(Refusal.Overloaded, why) { RetryAfterMs = _noPlaceRetryMs };

    public static Refused FormatTooOld(string what) => new(
        Refusal.FormatTooOld,
        $"The cluster's format level is too low for {what}. Raise it, once every server is upgraded: POST "
        + "/v1/cluster/format:raise.");

    public static Refused VersionMismatch(string what, Revision current, Condition condition)
    {
        string wanted = condition.Kind switch
        {
            ConditionKind.Absent => "absence",
            ConditionKind.Exists => "presence",
            ConditionKind.VersionIn when condition.Versions is [] => "a version that it never had",
            ConditionKind.VersionIn => $"version {string.Join(" or ", condition.Versions!)}",
            _ => $"another version than {string.Join(", ", condition.Versions!)}",
        };
        string found = current == Revision.None ? "does not exist" : $"has version {current.Value}";
        return new Refused(
            Refusal.VersionMismatch, $"{what} {found}; the request demands {wanted}. Read it again and decide anew.")
        {
            Current = current,
        };
    }
}
