namespace Grains.Faults.Tests.Workload;

/// <summary>
/// Writes to one partition at a steady pace and remembers when it succeeded. Its keys rotate, so that no history grows
/// beyond what can be searched.
/// </summary>
internal sealed class PartitionWriter(uint partition, Caller caller, LoadRecord record)
{
    private const int _numbersOfOthers = 1_000;
    private const int _writesPerKey = 200;

    /// <summary>
    /// Each write whose end nobody knows doubles what a search may have to try. Beyond those of one take-over.
    /// </summary>
    private const int _unknownPerKey = 12;

    private static readonly TimeSpan _pace = TimeSpan.FromMilliseconds(100);

    private readonly KeyClient _client = new(_numbersOfOthers + (int)partition, seed: 0, caller, record);
    private readonly string _tag = record.Names.TagOf(partition);
    private readonly Lock _gate = new();
    private readonly List<(long CallNs, long ReturnNs)> _successes = [];
    private int _keys;
    private int _writes;
    private int _unknown;

    public uint Partition => partition;

    /// <summary>The key that is written at present.</summary>
    public string Key => $"{{{_tag}}}-{Volatile.Read(ref _keys)}";

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            Task pace = Task.Delay(_pace, CancellationToken.None);
            long callNs = LoadRecord.NowNs();
            Reply reply = await _client.PutAsync(record.Names.Spread, Key, condition: null);
            if (reply.Is(200) || reply.Is(201))
            {
                lock (_gate)
                {
                    _successes.Add((callNs, LoadRecord.NowNs()));
                }
            }

            _unknown += reply.Kind == ReplyKind.Unknown ? 1 : 0;
            if (++_writes >= _writesPerKey || _unknown >= _unknownPerKey)
            {
                (_writes, _unknown) = (0, 0);
                Interlocked.Increment(ref _keys);
            }

            await pace;
        }
    }

    /// <summary>Whether a write has succeeded that began after that moment.</summary>
    public bool HasSucceededSince(long ns)
    {
        lock (_gate)
        {
            return _successes.Count > 0 && _successes[^1].CallNs >= ns;
        }
    }

    /// <summary>The longest time between two successes, the later of which came after that moment.</summary>
    public TimeSpan LongestGapSince(long ns)
    {
        long longest = 0;
        lock (_gate)
        {
            for (int i = _successes.Count - 1; i > 0 && _successes[i].ReturnNs > ns; i--)
            {
                longest = Math.Max(longest, _successes[i].ReturnNs - _successes[i - 1].ReturnNs);
            }
        }

        return TimeSpan.FromTicks(longest / 100);
    }

    /// <summary>From that moment to the first success of a write that began after it.</summary>
    public TimeSpan FirstSuccessAfter(long ns)
    {
        lock (_gate)
        {
            long first = _successes.First(s => s.CallNs >= ns).ReturnNs;
            return TimeSpan.FromTicks((first - ns) / 100);
        }
    }
}
