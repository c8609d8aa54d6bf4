using Grains.Api.Problems;
using Grains.Api.Timers;
using Grains.Operations.Access;
using Grains.Operations.Errors;
using Grains.Operations.Services;
using Grains.Operations.Syntax;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Timers;

namespace Grains.Operations.Timers;

/// <summary>Timers of nodes, from outside; handlers set them in their commits.</summary>
public sealed class TimerOperations(ServiceCalls calls)
{
    /// <summary>The timers of a node, by name.</summary>
    public ValueTask<Result<Placed<TimersFound>>> ListAsync(
        Caller caller, NodeAddress node, RequestedConsistency consistency, CancellationToken cancel) =>
        calls.ExecuteAsync<TimersFound>(
            caller,
            Permission.Read,
            node with { MayBeStale = consistency.MayBeStale },
            (service, partition) => new ListTimers
            {
                Service = service.Id, Node = node.Node, Consistency = consistency.For(partition),
            },
            ProblemCode.NodeNotFound,
            cancel);

    /// <summary>
    /// Sends the node a message at the times of a schedule, or once; takes the place of the one of that name.
    /// </summary>
    public ValueTask<Result<Placed<TimerChanged>>> SetAsync(
        Caller caller, NodeAddress node, string name, TimerRequest request)
    {
        if (caller.Refuse(Permission.Write) is { } refused)
        {
            return new(refused);
        }

        var fields = new Fields();
        TimerChange change = TimerFields.Set(
            fields.Of(TimerFields.Name(name, "A timer's name")), request, member: "", fields);
        return fields.Error is { } error ? new(error) : ChangeAsync(caller, node, change);
    }

    /// <summary>It fires no more.</summary>
    public ValueTask<Result<Placed<TimerChanged>>> DeleteAsync(Caller caller, NodeAddress node, string name) =>
        caller.Refuse(Permission.Write) is { } refused ? new(refused)
        : TimerFields.Name(name, "A timer's name").TryGet(out Utf8Name known, out OperationError? error)
            ? ChangeAsync(caller, node, new TimerChange { Name = known })
            : new(error);

    private ValueTask<Result<Placed<TimerChanged>>> ChangeAsync(Caller caller, NodeAddress node, TimerChange change) =>
        calls.ExecuteAsync<TimerChanged>(
            caller,
            Permission.Write,
            node,
            (service, _) => new ChangeTimer
            {
                Service = service.Id, Node = node.Node, Timer = change, MailboxLimit = service.MailboxLimit,
            },
            ProblemCode.TimerNotFound);
}
