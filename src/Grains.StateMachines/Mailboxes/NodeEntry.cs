namespace Grains.StateMachines.Mailboxes;

/// <summary>
/// A node in memory; its messages stand in tables of their own. Immutable: a change replaces it. A node that holds
/// nothing (no state, no message, no dead letter, no timer) has no entry.
/// </summary>
internal sealed record NodeEntry(long Number)
{
    /// <summary>What a node costs beside its name and state, counted against the budget.</summary>
    public const int OverheadBytes = 200;

    public byte[]? State { get; init; }

    public string? StateContentType { get; init; }

    /// <summary>0 = no state.</summary>
    public long StateVersion { get; init; }

    public int Waiting { get; init; }

    public int Dead { get; init; }

    /// <summary>Messages whose time has not come.</summary>
    public int Delayed { get; init; }

    /// <summary>Messages that are still to be handled: what counts against the mailbox's bound.</summary>
    public int Pending => Waiting + Delayed;

    /// <summary>Nothing of it is handed out until somebody says so.</summary>
    public bool Paused { get; init; }

    public int Timers { get; init; }

    public bool HoldsNothing =>
        StateVersion == 0 && Waiting == 0 && Dead == 0 && Delayed == 0 && !Paused && Timers == 0;
}
