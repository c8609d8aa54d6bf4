namespace Grains.Faults.Tests.Workload;

/// <summary>How much of what was asked of zombies was answered, and so could have been wrong.</summary>
internal sealed class ZombieTally
{
    private int _asked;
    private int _reads;
    private int _stale;
    private int _refusals;
    private int _renewals;
    private int _held;
    private int _handedOutAgain;
    private int _ended;

    public int StaleReads => _stale;

    public void Asked(int calls) => Interlocked.Add(ref _asked, calls);

    public void Read() => Interlocked.Increment(ref _reads);

    /// <summary>A stale read, which a zombie may give.</summary>
    public void ReadOld() => Interlocked.Increment(ref _stale);

    public void Refused() => Interlocked.Increment(ref _refusals);

    public void Renewed() => Interlocked.Increment(ref _renewals);

    /// <summary>A delivery was taken before.</summary>
    public void Held() => Interlocked.Increment(ref _held);

    /// <summary>The next owner handed its message out.</summary>
    public void HandedOutAgain() => Interlocked.Increment(ref _handedOutAgain);

    /// <summary>The server found out that it was out, and ended itself.</summary>
    public void Ended() => Interlocked.Increment(ref _ended);

    public override string ToString() =>
        $"asked {_asked} times meanwhile: answered {_reads} reads, {_refusals} refusals, {_renewals} renewals, "
        + $"{_stale} stale reads; "
        + $"{_handedOutAgain} of {_held} deliveries handed out again by others; ended itself {_ended} times";
}
