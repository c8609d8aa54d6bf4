namespace Grains.Handlers.Dispatch;

/// <summary>
/// Deliveries that may be leased at once: of one service, or of the whole server. First come, first served.
/// </summary>
internal sealed class Slots(int count) : IDisposable
{
    private readonly SemaphoreSlim _free = new(count, count);
    private int _waiting;

    public int Taken => count - _free.CurrentCount;

    /// <summary>Somebody waits for one: who has one gives it back before it goes on.</summary>
    public bool IsContended => Volatile.Read(ref _waiting) > 0;

    public async Task TakeAsync(CancellationToken cancel)
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            await _free.WaitAsync(cancel);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    public void Give() => _free.Release();

    public void Dispose() => _free.Dispose();
}

/// <summary>Those of the whole server.</summary>
internal sealed record ServerSlots(Slots Slots);
