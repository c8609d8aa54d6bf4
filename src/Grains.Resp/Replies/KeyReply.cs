using Grains.Resp.Protocol;
using Grains.StateMachines.Keyspaces;

namespace Grains.Resp.Replies;

/// <summary>Writes what a command answers, given what came of its actions; no result has a fault.</summary>
internal delegate void KeyReply(RespWriter to, ReadOnlySpan<KeyResult> results);

/// <summary>The forms that most commands share.</summary>
internal static class KeyReplies
{
    public static readonly KeyReply Ok = (to, _) => to.Ok();

    /// <summary>OK if it was done, null if its condition did not hold.</summary>
    public static readonly KeyReply OkOrNull = (to, results) =>
    {
        if (results[0].Changed)
        {
            to.Ok();
        }
        else
        {
            to.Null();
        }
    };

    public static readonly KeyReply Value = (to, results) => to.BulkOrNull(results[0].Value);

    public static readonly KeyReply Number = (to, results) => to.Integer(results[0].Number);

    public static readonly KeyReply Changed = (to, results) => to.Flag(results[0].Changed);

    public static readonly KeyReply CountChanged = (to, results) => to.Integer(Count(results, r => r.Changed));

    public static readonly KeyReply CountExisting = (to, results) => to.Integer(Count(results, r => r.Existed));

    public static readonly KeyReply Values = (to, results) =>
    {
        to.Array(results.Length);
        foreach (KeyResult result in results)
        {
            to.BulkOrNull(result.Value);
        }
    };

    private static int Count(ReadOnlySpan<KeyResult> results, Predicate<KeyResult> which)
    {
        int count = 0;
        foreach (KeyResult result in results)
        {
            count += which(result) ? 1 : 0;
        }

        return count;
    }
}
