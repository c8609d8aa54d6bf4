using Grains.Api.Deliveries;

namespace Grains.Handlers.Runs;

/// <summary>What became of a delivery at its handler.</summary>
internal abstract record HandlerOutcome
{
    /// <summary>It was handled: this is to happen.</summary>
    /// <param name="Request">What.</param>
    /// <param name="Ignored">What the handler said beside, and why nothing comes of it, for people; null =
    /// nothing.</param>
    public sealed record Commit(CommitRequest Request, string? Ignored = null) : HandlerOutcome;

    /// <summary>Again after a while; the attempt does not count.</summary>
    /// <param name="Reason">For people.</param>
    /// <param name="DelayMs">Null = as after a failure.</param>
    public sealed record Later(string Reason, long? DelayMs = null) : HandlerOutcome;

    /// <summary>Again after a while; the attempt counts.</summary>
    public sealed record Failed(string Reason) : HandlerOutcome;

    /// <summary>Never again: the messages wait for a person.</summary>
    public sealed record Dead(string Reason) : HandlerOutcome;

    /// <summary>The delivery ended while it was handled: nothing is to be done.</summary>
    public sealed record Lost : HandlerOutcome;
}
