namespace Grains.Checkers.Messages;

/// <summary>What the sender of a message knows.</summary>
public enum MessageFate
{
    /// <summary>Accepted: it must have its effect once.</summary>
    Acknowledged = 1,

    /// <summary>The answer was lost: it may have its effect once, or never.</summary>
    Unknown = 2,

    /// <summary>Refused: it must have no effect.</summary>
    Refused = 3,
}
