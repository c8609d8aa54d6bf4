using Grains.StateMachines.Nodes;

namespace Grains.Handlers.Runs;

/// <summary>One delivery at its handler. Cancelled when its time is over, when it is lost, or when the server stops.</summary>
internal sealed class Run(DeliveryGiven given, long timeoutMs, long nowMs) : IDisposable
{
    private readonly CancellationTokenSource _cancel = new();
    private int _end;

    public DeliveryGiven Given { get; } = given;

    public CancellationToken Cancel => _cancel.Token;

    /// <summary>The handler must be done by then.</summary>
    public long DeadlineMs { get; set; } = nowMs + timeoutMs;

    /// <summary>When its lease is to be prolonged.</summary>
    public long RenewAtMs { get; set; } = nowMs + (given.LeaseMs / 3);

    /// <summary>A renewal is on its way.</summary>
    public bool IsRenewing { get; set; }

    /// <summary>The handler is done; what it did is being made durable.</summary>
    public bool IsConcluding { get; set; }

    /// <summary>Why it was cancelled.</summary>
    public RunCancel Reason => (RunCancel)Volatile.Read(ref _end);

    /// <summary>The first reason stays.</summary>
    public void End(RunCancel reason)
    {
        if (Interlocked.CompareExchange(ref _end, (int)reason, (int)RunCancel.None) == (int)RunCancel.None)
        {
            try
            {
                _cancel.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It ended by itself in this moment.
            }
        }
    }

    public void Dispose() => _cancel.Dispose();
}

/// <summary>Why a run was cancelled.</summary>
internal enum RunCancel
{
    None,
    Timeout,
    Lost,
    ServerStops,
}
