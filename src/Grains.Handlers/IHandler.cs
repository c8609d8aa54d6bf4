using Grains.Api.Deliveries;

namespace Grains.Handlers;

/// <summary>
/// The handler of a service, in the server's own process. A new one is made for each delivery, with what its
/// constructor asks for, in a scope of its own.
/// </summary>
public interface IHandler
{
    /// <summary>
    /// Handles one delivery: one node's next messages, and its state. What it returns happens as one record: messages
    /// acknowledged, state set, messages sent, keys written; nothing of it happens if it throws, or if the delivery is
    /// lost meanwhile. It may be called again for the same messages, and once in a while while an earlier call still
    /// runs: one of them counts.
    /// </summary>
    /// <param name="delivery">Which node, its state, its messages in order.</param>
    /// <param name="cancel">The delivery is lost, or its time is over: nothing that comes after counts.</param>
    /// <exception cref="LaterException">Not now: again later, without counting this attempt.</exception>
    /// <exception cref="DeadLetterException">Never: the messages wait for a person.</exception>
    /// <exception cref="Exception">Any other: the attempt failed, and is made again after a pause.</exception>
    ValueTask<CommitRequest> HandleAsync(Delivery delivery, CancellationToken cancel);
}

/// <summary>A handler cannot handle its delivery now, and asks to be given it again later.</summary>
public sealed class LaterException(TimeSpan? after = null) : Exception("The handler asked for time.")
{
    /// <summary>Not before; null = as after a failure.</summary>
    public TimeSpan? After { get; } = after;
}

/// <summary>A handler can never handle its delivery: its messages become dead letters.</summary>
public sealed class DeadLetterException(string reason) : Exception(reason);
