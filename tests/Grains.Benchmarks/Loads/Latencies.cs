using System.Numerics;

namespace Grains.Benchmarks.Loads;

/// <summary>A histogram of nanoseconds with an error of 3 %.</summary>
internal sealed class Latencies
{
    private const int _perOctave = 32;
    private const int _exactBits = 5;
    private readonly long[] _buckets = new long[60 * _perOctave];

    public long Count { get; private set; }

    public void Record(long ns)
    {
        int shift = Math.Max(BitOperations.Log2((ulong)ns | 1) - _exactBits, 0);
        _buckets[(shift * _perOctave) + (ns >> shift)]++;
        Count++;
    }

    public void Add(Latencies other)
    {
        for (int i = 0; i < _buckets.Length; i++)
        {
            _buckets[i] += other._buckets[i];
        }

        Count += other.Count;
    }

    public double Ms(double quantile)
    {
        long left = (long)Math.Ceiling(Count * quantile);
        for (int i = 0; i < _buckets.Length; i++)
        {
            left -= _buckets[i];
            if (left <= 0)
            {
                int shift = Math.Max((i / _perOctave) - 1, 0);
                return (double)(((long)i - (shift * _perOctave)) << shift) / 1e6;
            }
        }

        return 0;
    }
}
