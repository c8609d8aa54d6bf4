namespace Grains.Checkers.Witnesses;

/// <summary>
/// The server claims an order; so nothing has to be searched, O(n log n): revisions are used once (and have no gap,
/// where all writers were recorded), epochs never fall along them, they agree with real time, and every read gives
/// what a replay gives. Complete only together with a search that trusts no number of the server.
/// </summary>
public static class WitnessCheck
{
    /// <param name="dense">Whether every revision of every partition is expected to be among the writes.</param>
    public static IReadOnlyList<string> Check(IEnumerable<Witness> witnesses, bool dense)
    {
        var violations = new List<string>();
        foreach (IGrouping<uint, Witness> partition in witnesses.GroupBy(w => w.Partition))
        {
            Witness[] writes = [.. partition.Where(w => w.Kind == WitnessKind.Write).OrderBy(w => w.Revision)];
            CheckRevisions(writes, dense, violations);
            CheckRealTime(writes, violations);
            CheckReads([.. partition.Where(w => w.Kind == WitnessKind.Read)], writes, violations);
            CheckSeen(partition.Where(w => w.Kind is WitnessKind.Seen or WitnessKind.Stale), writes, violations);
        }

        return violations;
    }

    private static void CheckRevisions(Witness[] writes, bool dense, List<string> violations)
    {
        for (int i = 1; i < writes.Length; i++)
        {
            (Witness before, Witness after) = (writes[i - 1], writes[i]);
            if (before.Revision == after.Revision)
            {
                violations.Add($"one revision was given twice:\n  {before}\n  {after}");
            }
            else if (dense && after.Revision != before.Revision + 1)
            {
                violations.Add($"revisions are missing between:\n  {before}\n  {after}");
            }

        }

        Witness? newest = null;
        foreach (Witness write in writes.Where(w => w.Epoch != 0))
        {
            if (newest is not null && write.Epoch < newest.Epoch)
            {
                violations.Add($"the epoch falls from {newest.Epoch} to {write.Epoch}:\n  {newest}\n  {write}");
            }

            newest = write;
        }
    }

    private static void CheckRealTime(Witness[] writes, List<string> violations)
    {
        Witness? earliest = null;
        for (int i = writes.Length - 1; i >= 0; i--)
        {
            if (earliest is not null && earliest.ReturnNs < writes[i].CallNs)
            {
                violations.Add($"a later write has a lower revision:\n  {earliest}\n  {writes[i]}");
            }

            earliest = earliest is null || writes[i].ReturnNs < earliest.ReturnNs ? writes[i] : earliest;
        }
    }

    private static void CheckReads(Witness[] reads, Witness[] writes, List<string> violations)
    {
        Dictionary<string, Witness[]> ofKey = ByKey(writes);
        CompletedMax completed = new(writes);
        CalledMin called = new(writes);
        foreach (Witness read in reads)
        {
            if (completed.Before(read.CallNs) is { } newest && read.Revision < newest)
            {
                violations.Add($"a stale read: r{newest} had been answered before\n  {read}");
            }

            if (called.RevisionAfter(read.ReturnNs) is { } future && read.Revision >= future)
            {
                violations.Add($"a read from the future: r{future} was asked for only afterwards\n  {read}");
            }

            Witness? write = ofKey.GetValueOrDefault(read.Key ?? "")?.LastOrDefault(w => w.Revision <= read.Revision);
            if (write?.Value != read.Value)
            {
                violations.Add($"a replay gives {write?.Value ?? "absent"}:\n  {read}");
            }
        }
    }

    private static void CheckSeen(IEnumerable<Witness> seen, Witness[] writes, List<string> violations)
    {
        Dictionary<string, Witness[]> ofKey = ByKey(writes);
        foreach (IGrouping<string, Witness> key in seen.GroupBy(s => s.Key ?? "", StringComparer.Ordinal))
        {
            Witness[] known = ofKey.GetValueOrDefault(key.Key) ?? [];
            CompletedMax completed = new(known);
            foreach (Witness read in key)
            {
                if (read.Kind == WitnessKind.Seen
                    && completed.Before(read.CallNs) is { } newest && read.Revision < newest)
                {
                    violations.Add($"a stale read: the key was at r{newest} before\n  {read}");
                }

                Witness? write = Array.Find(known, w => w.Revision == read.Revision);
                if (write is not null && write.Value != read.Value)
                {
                    violations.Add($"a version with two values:\n  {write}\n  {read}");
                }

                if (write is not null && write.CallNs > read.ReturnNs)
                {
                    violations.Add($"a read from the future:\n  {write}\n  {read}");
                }
            }
        }
    }

    private static Dictionary<string, Witness[]> ByKey(Witness[] writes) =>
        writes.Where(w => w.Key is not null)
            .GroupBy(w => w.Key!, StringComparer.Ordinal)
            .ToDictionary(key => key.Key, key => key.ToArray(), StringComparer.Ordinal);
}
