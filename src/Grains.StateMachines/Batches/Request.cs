namespace Grains.StateMachines.Batches;

/// <summary>
/// A command and whom to answer. The ticket is opaque to the machine, unique among what is unanswered.
/// </summary>
public readonly record struct Request(Command Command, object Ticket);

/// <summary>The answer to a request.</summary>
public readonly record struct Reply(object Ticket, Answer Answer);
