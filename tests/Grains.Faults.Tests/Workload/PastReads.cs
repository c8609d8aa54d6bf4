namespace Grains.Faults.Tests.Workload;

/// <summary>
/// Reads that may be old, but never torn or invented: stale ones of any moment, and those of a session, which know at
/// least what this client wrote, whichever server it asks.
/// </summary>
internal sealed class PastReads(Caller caller, LoadRecord record)
{
    private readonly Dictionary<string, Reply> _written = new(StringComparer.Ordinal);

    /// <summary>The answer to a write of this client.</summary>
    public void Wrote(string name, Reply reply) => _written[name] = reply;

    /// <param name="ofSession">Where this client has written the key; else the read is stale.</param>
    /// <returns>Whether it was answered.</returns>
    public async Task<bool> ReadAsync(string keyspace, string key, bool ofSession)
    {
        string name = $"{keyspace}/{key}";
        Reply? written = ofSession ? _written.GetValueOrDefault(name) : null;
        string wish = written is null ? "read=stale" : $"read=session&at={Uri.EscapeDataString(written.Position)}";
        long callNs = LoadRecord.NowNs();
        Reply reply = await caller.GetAsync($"{Names.KeyPath(keyspace, key)}?{wish}");
        if (!reply.Is(200))
        {
            return reply.Is(404);
        }

        record.SawOld(record.Names.PartitionOfKey(keyspace, key), reply.Version, callNs, name, reply.Body);
        if (written is not null && reply.Version < written.Version)
        {
            record.Violations.Enqueue(
                $"a read of a session that had written {name} v{written.Version} at {written.Position} gave "
                + $"v{reply.Version}");
        }

        if (reply.Consistency != (written is null ? "stale" : "session"))
        {
            record.Violations.Enqueue($"a read with {wish} of {name} was answered as '{reply.Consistency}'");
        }

        return true;
    }
}
