namespace Grains.Operations.Rates;

/// <summary>
/// How often each of many may: a bucket of tokens for each, refilled at a rate. Those that are full again are
/// forgotten; if there are too many, the one that was asked for longest ago is. Any thread.
/// </summary>
/// <param name="rate">What one bucket gives.</param>
/// <param name="bucketsMax">Bounds the memory, whoever comes.</param>
/// <param name="time">Monotonic.</param>
public sealed class RateTable<T>(Rate rate, int bucketsMax, TimeProvider time)
    where T : struct
{
    private readonly Lock _lock = new();
    private readonly Dictionary<T, Bucket> _buckets = [];

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _buckets.Count;
            }
        }
    }

    /// <returns>Zero: it may. Else how long until it may.</returns>
    public TimeSpan Take(T who)
    {
        long now = time.GetTimestamp();
        lock (_lock)
        {
            if (!_buckets.TryGetValue(who, out Bucket bucket))
            {
                MakeRoom(now);
                bucket = new Bucket(rate.Burst, now);
            }

            double tokens = TokensOf(bucket, now);
            bool may = tokens >= 1;
            _buckets[who] = new Bucket(may ? tokens - 1 : tokens, now);
            return may ? TimeSpan.Zero : TimeSpan.FromSeconds((1 - tokens) / rate.PerSecond);
        }
    }

    private double TokensOf(Bucket bucket, long now) =>
        Math.Min(rate.Burst, bucket.Tokens + (time.GetElapsedTime(bucket.At, now).TotalSeconds * rate.PerSecond));

    private void MakeRoom(long now)
    {
        if (_buckets.Count < bucketsMax)
        {
            return;
        }

        foreach ((T who, Bucket bucket) in _buckets)
        {
            if (TokensOf(bucket, now) >= rate.Burst)
            {
                _buckets.Remove(who);
            }
        }

        if (_buckets.Count >= bucketsMax)
        {
            _buckets.Remove(_buckets.MinBy(b => b.Value.At).Key);
        }
    }

    private readonly record struct Bucket(double Tokens, long At);
}

/// <param name="PerSecond">In the long run.</param>
/// <param name="Burst">At once, after a pause.</param>
public readonly record struct Rate(double PerSecond, double Burst);
