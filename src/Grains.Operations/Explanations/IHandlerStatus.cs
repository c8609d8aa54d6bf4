namespace Grains.Operations.Explanations;

/// <summary>How servers fare with the handlers that they push to or host; implemented by what runs them.</summary>
public interface IHandlerStatus
{
    /// <summary>
    /// As the server that owns the node's partition sees it, about a second old; null = it says nothing.
    /// </summary>
    HandlerFacts? Of(string service, string? owner);
}

/// <summary>One service's handlers, from one server.</summary>
/// <param name="InFlight">Deliveries that it has out.</param>
/// <param name="Suspended">Why it takes none now; null = it does.</param>
/// <param name="LastTrouble">Why one was not handled, the last time; null = that was never so.</param>
public sealed record HandlerFacts(int InFlight, string? Suspended, string? LastTrouble);
