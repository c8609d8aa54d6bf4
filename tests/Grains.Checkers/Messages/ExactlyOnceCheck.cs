namespace Grains.Checkers.Messages;

/// <summary>
/// Conservation: every acknowledged message had its effect once, no message had it twice, nothing had an effect that
/// nobody sent.
/// </summary>
public static class ExactlyOnceCheck
{
    /// <param name="sent">What became of every message ever tried, by its unique label.</param>
    /// <param name="effects">The label of every effect found at the end, in any order, repeats included.</param>
    public static ExactlyOnceResult Check(
        IReadOnlyDictionary<string, MessageFate> sent, IEnumerable<string> effects)
    {
        Dictionary<string, int> found = effects.CountBy(e => e, StringComparer.Ordinal)
            .ToDictionary(StringComparer.Ordinal);
        return new ExactlyOnceResult(
            Lost:
            [
                .. sent.Where(s => s.Value == MessageFate.Acknowledged && !found.ContainsKey(s.Key)).Select(s => s.Key)
            ],
            Repeated: [.. found.Where(f => f.Value > 1).Select(f => f.Key)],
            Invented:
            [
                .. found.Keys.Where(label => sent.GetValueOrDefault(label, MessageFate.Refused) == MessageFate.Refused)
            ]);
    }
}
