using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.StateMachines.Explanations;

/// <summary>
/// What a node holds, and what its next delivery waits for. Times are ms since 1970 by the owner's wall clock; 0 =
/// none.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.node-explained")]
public sealed record NodeExplained : Answer
{
    [Id(0)] public required NodeView Node { get; init; }

    /// <summary>The oldest message that waits; null = none does.</summary>
    [Id(1)] public MessageId? Next { get; init; }

    /// <summary>Starts of <see cref="Next"/> so far, one that is leased included.</summary>
    [Id(2)] public int Attempts { get; init; }

    [Id(3)] public long AcceptedAtMs { get; init; }

    /// <summary>The delivery that is leased ends then, unless it is renewed.</summary>
    [Id(4)] public long LeaseEndsMs { get; init; }

    /// <summary>Nothing goes out before then.</summary>
    [Id(5)] public long HeldUntilMs { get; init; }

    /// <summary>The next delivery is chosen, and is being recorded before it goes out.</summary>
    [Id(6)] public bool IsStarting { get; init; }

    /// <summary>Receives that wait for this node.</summary>
    [Id(7)] public int WaitingForNode { get; init; }

    /// <summary>
    /// Receives, and servers on behalf of some, that wait for any node of the service in this partition.
    /// </summary>
    [Id(8)] public int WaitingForAny { get; init; }

    [Id(9)] public required Epoch Epoch { get; init; }

    /// <summary>
    /// When the first of the delayed messages comes, ms since 1970; 0 = none will. Of very many, of those that came
    /// first.
    /// </summary>
    [Id(10)] public long NextDueMs { get; init; }

    /// <summary>When the first of the node's timers fires; 0 = it has none.</summary>
    [Id(11)] public long NextTimerMs { get; init; }

    /// <summary>Why one of them does not fire; null = none is in trouble.</summary>
    [Id(12)] public string? TimerTrouble { get; init; }
}
