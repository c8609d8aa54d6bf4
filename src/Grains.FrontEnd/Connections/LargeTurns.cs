
namespace Grains.FrontEnd.Connections;

/// <summary>
/// What is large comes in a piece at a time, and half of the processors at the most are at such pieces: who sends a
/// mebibyte at once on many connections leaves the rest to those who ask for little. While these ask more often than
/// large bodies come, all large ones together come in at a pace: each of their bytes is written several times before it
/// is where it stays. Where hardly any more can be stored they come slower still: nearly all of them are refused, and
/// what each leaves behind is dear to collect in a full heap. A turn is never kept while nothing comes. First come,
/// first served. Any thread.
/// </summary>
/// <param name="processors">Of the process.</param>
/// <param name="isFull">Whether hardly any more can be stored.</param>
internal sealed class LargeTurns(int processors, Func<bool> isFull, TimeProvider time)
{
    /// <summary>So many times as slow where the memory for data is used up.</summary>
    private const int _slowerWhenFull = 8;

    /// <summary>For each processor: half of what one stores when it does nothing else.</summary>
    private const int _bytesPerSecond = 8 << 20;

    /// <summary>Shorter waits are not worth a timer.</summary>
    private static readonly TimeSpan _waitMin = TimeSpan.FromMilliseconds(2);

    /// <summary>For as long at least it is counted who asks for what.</summary>
    private static readonly TimeSpan _window = TimeSpan.FromMilliseconds(100);

    private readonly SemaphoreSlim _free = new(Math.Max(1, processors / 2));
    private readonly Lock _lock = new();
    private readonly long _bytesPerSecondOfAll = (long)_bytesPerSecond * processors;
    private long _asked;
    private long _large;
    private long _windowAt = time.GetTimestamp();
    private long _askedBefore;
    private long _largeBefore;
    private bool _isPaced;
    private long _nextAt;

    /// <summary>For what comes by no connection of the API.</summary>
    public static LargeTurns Unbounded { get; } = new(short.MaxValue, () => false, TimeProvider.System);

    /// <summary>A request has come, large or not.</summary>
    public void CountRequest() => Interlocked.Increment(ref _asked);

    /// <summary>The body of one that has come is large.</summary>
    public void CountLarge() => Interlocked.Increment(ref _large);

    /// <summary>Whoever disposes of what is returned has had its turn.</summary>
    /// <param name="bytes">Of the piece.</param>
    public async ValueTask<Turn> BeginAsync(long bytes)
    {
        await _free.WaitAsync();
        TimeSpan wait = Wait(bytes);
        if (wait >= _waitMin)
        {
            await Task.Delay(wait, time);
        }

        return new Turn(_free);
    }

    private TimeSpan Wait(long bytes)
    {
        lock (_lock)
        {
            long now = time.GetTimestamp();
            Look(now);
            long from = Math.Max(now, _nextAt);
            long cost = bytes * time.TimestampFrequency / _bytesPerSecondOfAll;
            _nextAt = _isPaced ? from + (isFull() ? cost * _slowerWhenFull : cost) : now;
            return _isPaced ? time.GetElapsedTime(now, from) : TimeSpan.Zero;
        }
    }

    private void Look(long now)
    {
        if (time.GetElapsedTime(_windowAt, now) < _window)
        {
            return;
        }

        (long asked, long large) = (Interlocked.Read(ref _asked), Interlocked.Read(ref _large));
        long largeOnes = large - _largeBefore;
        _isPaced = asked - _askedBefore - largeOnes > largeOnes;
        (_windowAt, _askedBefore, _largeBefore) = (now, asked, large);
    }

    internal readonly struct Turn(SemaphoreSlim? free) : IDisposable
    {
        public void Dispose() => free?.Release();
    }
}
