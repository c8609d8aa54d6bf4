using Grains.Api.Nodes;
using Grains.Api.Problems;
using Grains.Operations.Access;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Operations.Services;
using Grains.Operations.Syntax;
using Grains.Silo.Ownership;
using Grains.StateMachines.Explanations;

namespace Grains.Operations.Explanations;

/// <summary>Why something is moving, or is not: for people who wonder.</summary>
public sealed class ExplainOperations(
    ServiceCalls calls, PartitionStatus? status = null, IHandlerStatus? handlers = null)
{
    public async Task<Result<NodeExplanation>> NodeAsync(
        Caller caller, NodeAddress node, RequestedConsistency consistency, CancellationToken cancel)
    {
        ServiceSnapshot? service = null;
        Result<Placed<NodeExplained>> result = await calls.ExecuteAsync<NodeExplained>(
            caller,
            Permission.Read,
            node with { MayBeStale = consistency.MayBeStale },
            (found, partition) =>
            {
                service = found;
                return new ExplainNode
                {
                    Service = found.Id, Node = node.Node, Consistency = consistency.For(partition)
                };
            },
            ProblemCode.NodeNotFound,
            cancel);
        if (!result.TryGet(out Placed<NodeExplained> explained, out OperationError? error))
        {
            return error;
        }

        string? owner = status is null ? null : (await status.ReadAsync(explained.Partition, cancel)).Owner;
        return NodeExplanations.Write(
            new NodeFacts(
                service!, explained.Partition, owner,
                handlers?.Of(service!.Name, owner)) { ClusterPause = status?.ClusterPause },
            explained.Answer);
    }
}
