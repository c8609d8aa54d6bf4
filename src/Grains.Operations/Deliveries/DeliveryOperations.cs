using Grains.Api;
using Grains.Api.Deliveries;
using Grains.Api.Problems;
using Grains.Operations.Access;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Operations.Services;
using Grains.Operations.Syntax;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;

namespace Grains.Operations.Deliveries;

/// <summary>What workers do with a delivery that they hold: commit, renew, reject.</summary>
public sealed class DeliveryOperations(ServiceCalls calls, DeclarationCatalog catalog)
{
    /// <summary>Ends a delivery with everything it did, as one record.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="delivery">Which.</param>
    /// <param name="request">What is to happen.</param>
    /// <param name="hash">Tells a repeat of this commit from another one of the same delivery.</param>
    public async ValueTask<Result<Placed<Committed>>> CommitAsync(
        Caller caller, DeliveryHandle delivery, CommitRequest request, UInt128 hash) =>
        (await TranslateAsync(caller, delivery, request, hash)).TryGet(
            out CommitDelivery? command, out OperationError? error)
            ? await CommitAsync(caller, delivery, command)
            : error;

    /// <summary>
    /// The command of a commit, to be given to <see cref="CommitAsync(Caller, DeliveryHandle, CommitDelivery)"/>.
    /// </summary>
    public async ValueTask<Result<CommitDelivery>> TranslateAsync(
        Caller caller, DeliveryHandle delivery, CommitRequest request, UInt128 hash) =>
        Refuse(caller, delivery) is { } refused
            ? refused
            : await new CommitTranslation(catalog, calls.Slots, delivery).TranslateAsync(request, hash);

    /// <summary>May be repeated: the second time gives the first answer.</summary>
    public ValueTask<Result<Placed<Committed>>> CommitAsync(
        Caller caller, DeliveryHandle delivery, CommitDelivery command) =>
        ExecuteAsync<Committed>(caller, delivery, command, ProblemCode.KeyNotFound);

    /// <summary>Prolongs a delivery's lease.</summary>
    public async ValueTask<Result<Placed<Renewed>>> RenewAsync(
        Caller caller, DeliveryHandle delivery, RenewRequest request)
    {
        if (!(await FindAsync(caller, delivery)).TryGet(out ServiceSnapshot? service, out OperationError? error))
        {
            return error;
        }

        var fields = new Fields();
        long leaseMs = fields.DurationMs(request.Lease, "lease", Limits.LeaseMsMin, Limits.LeaseMsMax, service.LeaseMs);
        return fields.Error is { } refused
            ? refused
            : await ExecuteAsync<Renewed>(
                caller, delivery, new RenewDelivery(delivery.Id, leaseMs), ProblemCode.DeliveryGone);
    }

    /// <summary>Gives a delivery's messages back.</summary>
    public async ValueTask<Result<Placed<Rejected>>> RejectAsync(
        Caller caller, DeliveryHandle delivery, RejectRequest request)
    {
        if (!(await FindAsync(caller, delivery)).TryGet(out ServiceSnapshot? service, out OperationError? error))
        {
            return error;
        }

        var fields = new Fields();
        if (request.Reason is { Length: > Limits.ReasonChars })
        {
            fields.Refuse($"'reason' must be at most {Limits.ReasonChars} characters.");
        }

        var command = new RejectDelivery
        {
            Delivery = delivery.Id,
            DelayMs = fields.DurationMs(request.Delay, "delay", 0, Limits.DelayMs, service.BackoffMs),
            Backoff = request.Delay is null ? service.Backoff() : null,
            DeadLetter = request.DeadLetter ?? false,
            Reason = request.Reason,
        };
        return fields.Error is { } refused ? refused : await RejectAsync(caller, delivery, command);
    }

    /// <inheritdoc cref="RejectAsync(Caller, DeliveryHandle, RejectRequest)"/>
    public ValueTask<Result<Placed<Rejected>>> RejectAsync(
        Caller caller, DeliveryHandle delivery, RejectDelivery command) =>
        ExecuteAsync<Rejected>(caller, delivery, command, ProblemCode.DeliveryGone);

    private ValueTask<Result<Placed<T>>> ExecuteAsync<T>(
        Caller caller, DeliveryHandle delivery, Command command, ProblemCode notFound)
        where T : Answer =>
        caller.Refuse(Permission.Write) is { } refused
            ? new(refused)
            : calls.ExecuteAsync<T>(delivery.Service, delivery.Id.Partition, command, notFound);

    private async ValueTask<Result<ServiceSnapshot>> FindAsync(Caller caller, DeliveryHandle delivery)
    {
        if (Refuse(caller, delivery) is { } refused)
        {
            return refused;
        }

        Result<ServiceSnapshot> found = await catalog.FindServiceAsync(delivery.Service);
        return found.Error is { Code: ProblemCode.ServiceNotFound } ? Gone("Its service was deleted.") : found;
    }

    private OperationError? Refuse(Caller caller, DeliveryHandle delivery) =>
        caller.Refuse(Permission.Write)
        ?? calls.RefuseUnknown(delivery.Id.Partition, ProblemCode.DeliveryGone, "This cluster has no partition of it.");

    private static OperationError Gone(string why) => new(ProblemCode.DeliveryGone, why);
}
