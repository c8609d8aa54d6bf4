using Grains.StateMachines.Batches;
using Grains.StateMachines.Mailboxes;

namespace Grains.StateMachines.Explanations;

/// <summary>
/// Why a node is moving or not. Answered by <see cref="NodeExplained"/>; a node that is not known is
/// <see cref="Refusal.NotFound"/>.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.explain-node")]
public sealed record ExplainNode : NodeCommand
{
    public override bool IsRead => true;
}
