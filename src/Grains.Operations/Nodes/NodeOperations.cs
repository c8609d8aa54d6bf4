using Grains.Api.Problems;
using Grains.Operations.Access;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Operations.Paging;
using Grains.Operations.Services;
using Grains.Operations.Syntax;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.Operations.Nodes;

/// <summary>Nodes and their states.</summary>
public sealed class NodeOperations(ServiceCalls calls)
{
    /// <summary>A page of nodes in bytewise order, each partition consistent for itself.</summary>
    public async Task<Result<MergedPage<NodeView>>> ListAsync(
        Caller caller, string service, NodeRange range, CancellationToken cancel)
    {
        if (caller.Refuse(Permission.Read) is { } refused)
        {
            return refused;
        }

        Result<ServiceSnapshot> known = await calls.FindAsync(service, range.Consistency.MayBeStale);
        if (!known.TryGet(out ServiceSnapshot? found, out OperationError? error))
        {
            return error;
        }

        var merge = new PageMerge<NodeView>(ReadAsync, n => n.Node, n => n.Node.Length);
        return await merge.ReadAsync(calls.Slots.Partitions, range.After, range.Limit, cancel);

        async ValueTask<Result<MergedPage<NodeView>>> ReadAsync(PartitionId partition, Utf8Name after, int count)
        {
            var list = new ListNodes
            {
                Service = found.Id,
                Prefix = range.Prefix,
                After = after,
                Limit = count,
                Consistency = range.Consistency.For(partition),
            };
            Result<Placed<NodePage>> result =
                await calls.ExecuteAsync<NodePage>(found.Name, partition, list, ProblemCode.ServiceNotFound, cancel);
            return result
                .TryGet(out Placed<NodePage> page, out OperationError? none)
                    ? new MergedPage<NodeView>(page.Answer.Nodes, page.Answer.More)
                    : none;
        }
    }

    /// <summary>What a node holds.</summary>
    public ValueTask<Result<Placed<NodeFound>>> GetAsync(
        Caller caller, NodeAddress node, RequestedConsistency consistency) =>
        GetAsync(caller, node, consistency, withState: false, ProblemCode.NodeNotFound);

    /// <summary>A node with its state; refused if it has none.</summary>
    public async ValueTask<Result<Placed<NodeFound>>> GetStateAsync(
        Caller caller, NodeAddress node, RequestedConsistency consistency)
    {
        Result<Placed<NodeFound>> found = await GetAsync(
            caller, node, consistency, withState: true, ProblemCode.StateNotFound);
        return found.TryGet(out Placed<NodeFound> placed, out _) && placed.Answer.Node.State is null
            ? new OperationError(ProblemCode.StateNotFound, "The node exists and has no state.")
            : found;
    }

    /// <summary>Sets a node's state; null content removes it.</summary>
    public ValueTask<Result<Placed<StateWritten>>> PutStateAsync(
        Caller caller, NodeAddress node, StateChange state, Condition condition) => calls.ExecuteAsync<StateWritten>(
            caller,
            Permission.Write,
            node,
            (service, _) =>
                new PutState { Service = service.Id, Node = node.Node, State = state, Condition = condition },
            ProblemCode.StateNotFound);

    /// <summary>Forgets a node's messages and dead letters; with its state, all of it.</summary>
    public ValueTask<Result<Placed<Purged>>> PurgeAsync(Caller caller, NodeAddress node, bool withState) =>
        calls.ExecuteAsync<Purged>(
        caller,
        Permission.Admin,
        node,
        (service, _) => new PurgeNode { Service = service.Id, Node = node.Node, WithState = withState },
        ProblemCode.NodeNotFound);

    /// <summary>While it is paused nothing of it is handed out; what is leased goes on.</summary>
    public ValueTask<Result<Placed<Done>>> PauseAsync(Caller caller, NodeAddress node, bool paused) =>
        calls.ExecuteAsync<Done>(
        caller,
        Permission.Admin,
        node,
        (service, _) => new PauseNode { Service = service.Id, Node = node.Node, Paused = paused },
        ProblemCode.NodeNotFound);

    private ValueTask<Result<Placed<NodeFound>>> GetAsync(
        Caller caller, NodeAddress node, RequestedConsistency consistency, bool withState, ProblemCode notFound) =>
        calls.ExecuteAsync<NodeFound>(
            caller,
            Permission.Read,
            node with { MayBeStale = consistency.MayBeStale },
            (service, partition) => new GetNode
            {
                Service = service.Id, Node = node.Node, WithState = withState, Consistency = consistency.For(partition),
            },
            notFound);
}

/// <summary>Which nodes are listed; empty names bound nothing.</summary>
/// <param name="Prefix">Of their ids.</param>
/// <param name="After">Only what comes after this: the last of the page before.</param>
/// <param name="Limit">As many at the most.</param>
/// <param name="Consistency">How fresh.</param>
public readonly record struct NodeRange(Utf8Name Prefix, Utf8Name After, int Limit, RequestedConsistency Consistency);
