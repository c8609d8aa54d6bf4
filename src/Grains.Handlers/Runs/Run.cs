using Grains.StateMachines.Deliveries;

namespace Grains.Handlers.Runs;

/// <summary>
/// One delivery that this server holds: its lease is prolonged from now on. Cancelled when it is lost, when its handler
/// takes too long, or when the server stops.
/// </summary>
internal sealed class Run(DeliveryGiven given, long nowMs) : IDisposable
{
    private readonly CancellationTokenSource _cancel = new();
    private int _end;

    public DeliveryGiven Given { get; } = given;

    public CancellationToken Cancel => _cancel.Token;

    /// <summary>The handler must be done by then; it has not begun where this is never.</summary>
    public long DeadlineMs { get; private set; } = long.MaxValue;

    /// <summary>When its lease is to be prolonged.</summary>
    public long RenewAtMs { get; set; } = nowMs + (given.LeaseMs / 3);

    /// <summary>A renewal is on its way.</summary>
    public bool IsRenewing { get; set; }

    /// <summary>The handler is done; what it did is being made durable.</summary>
    public bool IsConcluding { get; set; }

    /// <summary>Why it was cancelled.</summary>
    public RunCancel Reason => (RunCancel)Volatile.Read(ref _end);

    /// <summary>The handler begins.</summary>
    public void Start(long nowMs, long timeoutMs) => DeadlineMs = nowMs + timeoutMs;

    /// <summary>The first reason stays. What hangs on the token runs elsewhere: it may be anybody's code.</summary>
    public void End(RunCancel reason)
    {
        if (Interlocked.CompareExchange(ref _end, (int)reason, (int)RunCancel.None) == (int)RunCancel.None)
        {
            _ = CancelAsync();
        }
    }

    public void Dispose() => _cancel.Dispose();

    private async Task CancelAsync()
    {
        try
        {
            await _cancel.CancelAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself in this moment.
        }
    }
}

/// <summary>Why a run was cancelled.</summary>
internal enum RunCancel
{
    None,
    Timeout,
    Lost,
    ServerStops,
}
