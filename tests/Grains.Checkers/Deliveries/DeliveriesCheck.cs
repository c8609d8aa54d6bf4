using Grains.Checkers.Witnesses;

namespace Grains.Checkers.Deliveries;

/// <summary>
/// A delivery ends before the next one of its node is handed out: after that it is renewed and committed no more, by
/// whichever server it was given. Tokens grow with every hand-out.
/// </summary>
public static class DeliveriesCheck
{
    public static IReadOnlyList<string> Check(IEnumerable<DeliveryAct> acts)
    {
        var violations = new List<string>();
        foreach (IGrouping<string, DeliveryAct> node in acts.GroupBy(a => a.Node, StringComparer.Ordinal))
        {
            DeliveryAct[] handedOut = [.. node.Where(a => a.Kind == DeliveryActKind.HandedOut)];
            var newest = new CompletedMax(handedOut.Select(h => (h.Token, h.ReturnNs)));
            violations.AddRange(handedOut.GroupBy(h => h.Token).Where(t => t.Count() > 1)
                .Select(t => $"one token was given twice:\n  {string.Join("\n  ", t)}"));
            violations.AddRange(
                from act in node
                let before = newest.Before(act.CallNs)
                where before is not null
                    && (act.Kind == DeliveryActKind.HandedOut ? before >= act.Token : before > act.Token)
                select $"a delivery lived on: token {before} had been given before\n  {act}");
        }

        return violations;
    }
}
