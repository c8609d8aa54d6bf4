namespace Grains.Silo.Budgets;

/// <summary>
/// Whether more survived the last full collection than may. What is counted is an estimate; this is what there is. Any
/// thread; it looks now and then, as looking is not free.
/// </summary>
public sealed class HeapPressure(long survivingBytesMax)
{
    private const long _betweenLooksMs = 100;
    private const long _betweenCollectionsMs = 1_000;

    private long _lookedAtMs;
    private long _collectedAtMs;
    private volatile bool _isHigh;

    public bool IsHigh
    {
        get
        {
            long nowMs = Environment.TickCount64;
            long lookedAtMs = Interlocked.Read(ref _lookedAtMs);
            if (nowMs - lookedAtMs >= _betweenLooksMs
                && Interlocked.CompareExchange(ref _lookedAtMs, nowMs, lookedAtMs) == lookedAtMs)
            {
                Look(nowMs);
            }

            return _isHigh;
        }
    }

    private void Look(long nowMs)
    {
        GCMemoryInfo blocking = GC.GetGCMemoryInfo(GCKind.FullBlocking);
        GCMemoryInfo background = GC.GetGCMemoryInfo(GCKind.Background);
        GCMemoryInfo last = blocking.Index > background.Index ? blocking : background;
        _isHigh = last.HeapSizeBytes - last.FragmentedBytes > survivingBytesMax;
        if (_isHigh && nowMs - _collectedAtMs >= _betweenCollectionsMs)
        {
            // What is refused makes no garbage: without this, no collection might come that sees what was let go.
            _collectedAtMs = nowMs;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
        }
    }
}
