using System.Runtime.CompilerServices;
using Grains.Api.Problems;
using Grains.Operations.Access;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Operations.Syntax;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Slots;

namespace Grains.Operations.Services;

/// <summary>Finds the service that an operation is about, and calls partitions on its behalf.</summary>
public sealed class ServiceCalls(IPartitions partitions, DeclarationCatalog catalog)
{
    public SlotMap Slots => partitions.Slots;

    public ValueTask<Result<ServiceSnapshot>> FindAsync(ReadOnlySpan<char> service, bool mayBeStale = false) =>
        catalog.FindServiceAsync(service, mayBeStale);

    /// <summary>An operation on a node: permission, service, partition, command.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="needed">What it needs.</param>
    /// <param name="node">Which node.</param>
    /// <param name="write">The command, once the service and the partition are known.</param>
    /// <param name="notFound">What <see cref="Refusal.NotFound"/> means for it.</param>
    /// <param name="cancel">Ends the waiting.</param>
    public async ValueTask<Result<Placed<T>>> ExecuteAsync<T>(
        Caller caller,
        Permission needed,
        NodeAddress node,
        Func<ServiceSnapshot, PartitionId, Command> write,
        ProblemCode notFound,
        CancellationToken cancel = default)
        where T : Answer
    {
        if (caller.Refuse(needed) is { } refused)
        {
            return refused;
        }

        if (!(await FindAsync(node.Service, node.MayBeStale)).TryGet(
            out ServiceSnapshot? service, out OperationError? error))
        {
            return error;
        }

        PartitionId partition = service.PartitionOf(partitions.Slots, node.Node);
        return await ExecuteAsync<T>(service.Name, partition, write(service, partition), notFound, cancel);
    }

    /// <summary>The answer of the expected kind; every other one is a refusal.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Result<Placed<T>>> ExecuteAsync<T>(
        string service, PartitionId partition, Command command, ProblemCode notFound,
        CancellationToken cancel = default)
        where T : Answer
    {
        Answer answer;
        try
        {
            answer = await partitions.ExecuteAsync(partition, command, cancel);
        }
        catch (Exception e) when (Refusals.Of(e) is { } refused)
        {
            return refused;
        }

        return answer is T expected ? new Placed<T>(partition, expected) : catalog.Refuse(answer, service, notFound);
    }

    /// <inheritdoc cref="RefuseUnknown(PartitionId, ProblemCode, string)"/>
    public OperationError? RefuseUnknown(MessageId message) =>
        RefuseUnknown(message.Partition, ProblemCode.MessageNotFound, "This cluster has no partition of that message.");

    /// <summary>
    /// Ids carry their partition; one that this cluster does not have was not given out here. Null: it has it.
    /// </summary>
    public OperationError? RefuseUnknown(PartitionId partition, ProblemCode code, string detail)
    {
        try
        {
            return partitions.Slots.Partitions.Contains(partition) ? null : new OperationError(code, detail);
        }
        catch (SettingsUnknownException e)
        {
            return Refusals.Of(e);
        }
    }
}

/// <summary>Which node an operation is about.</summary>
/// <param name="Service">The name of its service, as the caller gave it.</param>
/// <param name="Node">Its id.</param>
/// <param name="MayBeStale">What is known of the service may be old.</param>
public readonly record struct NodeAddress(string Service, Utf8Name Node, bool MayBeStale = false);
