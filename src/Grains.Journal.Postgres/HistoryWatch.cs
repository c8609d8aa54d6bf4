namespace Grains.Journal.Postgres;

/// <summary>The history that this process works in, learned from each new connection.</summary>
internal sealed class HistoryWatch
{
    private readonly Lock _gate = new();
    private PostgresHistory? _current;

    public PostgresHistory? Current
    {
        get
        {
            lock (_gate)
            {
                return _current;
            }
        }
    }

    /// <summary>A new connection leads to this history.</summary>
    public HistoryVerdict Observe(PostgresHistory found)
    {
        lock (_gate)
        {
            HistoryVerdict verdict = _current switch
            {
                null => HistoryVerdict.Same,
                { } known when known == found => HistoryVerdict.Same,
                { } known when known.SystemIdentifier == found.SystemIdentifier && found.Timeline < known.Timeline =>
                    HistoryVerdict.Older,
                _ => HistoryVerdict.Changed,
            };
            _current = verdict == HistoryVerdict.Older ? _current : found;
            return verdict;
        }
    }
}

/// <summary>What a new connection says about the history.</summary>
internal enum HistoryVerdict
{
    Same,

    /// <summary>Restored, migrated or promoted: every epoch acquired before is dead.</summary>
    Changed,

    /// <summary>A former primary that should be gone: nothing is done there.</summary>
    Older,
}
