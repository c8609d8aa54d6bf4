using Grains.Api.Problems;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;

namespace Grains.Operations.Errors;

/// <summary>What a partition's refusal, or its silence, is called outside.</summary>
public static class Refusals
{
    /// <param name="answer">One that is not what was asked for.</param>
    /// <param name="notFound">What <see cref="Refusal.NotFound"/> means for this request.</param>
    public static OperationError Of(Answer answer, ProblemCode notFound)
    {
        Refused refused = answer as Refused
            ?? throw new InvalidOperationException(
                $"A partition gave {answer.GetType().Name}, which does not answer this command.");
        (ProblemCode code, Outcome outcome) = Map(refused.Code, notFound);
        return new OperationError(code, refused.Detail)
        {
            Outcome = refused.IsUncertain ? Outcome.Unknown : outcome,
            Current = refused.Code == Refusal.VersionMismatch ? refused.Current.Value : null,
            RetryAfterMs = refused.RetryAfterMs,
        };
    }

    /// <summary>Null: this exception is no refusal; it is a fault, or the caller's own cancellation.</summary>
    public static OperationError? Of(Exception e) => e switch
    {
        OperationRefusedException refused => refused.Error,
        SettingsUnknownException early => new OperationError(ProblemCode.Unavailable, early.Message),
        PartitionUnavailableException gone => new OperationError(ProblemCode.Unavailable, gone.Message)
        {
            Outcome = gone.OutcomeKnown ? Outcome.None : Outcome.Unknown,
        },
        _ => null,
    };

    public static (ProblemCode Code, Outcome Outcome) Map(Refusal refusal, ProblemCode notFound) => refusal switch
    {
        Refusal.VersionMismatch => (ProblemCode.VersionMismatch, Outcome.None),
        Refusal.LimitExceeded => (ProblemCode.TooLarge, Outcome.None),
        Refusal.PartitionFull => (ProblemCode.PartitionFull, Outcome.None),
        Refusal.MailboxFull => (ProblemCode.MailboxFull, Outcome.None),
        Refusal.MessageNotFound => (ProblemCode.MessageNotFound, Outcome.None),
        Refusal.DeliveryGone => (ProblemCode.DeliveryGone, Outcome.None),
        Refusal.NotHeld => (ProblemCode.NotHeld, Outcome.None),
        Refusal.IdempotencyMismatch => (ProblemCode.IdempotencyMismatch, Outcome.None),
        Refusal.CommandTooOld => (ProblemCode.CommandTooOld, Outcome.Unknown),
        Refusal.Overloaded => (ProblemCode.Overloaded, Outcome.None),
        Refusal.ServiceDeleted => (ProblemCode.ServiceNotFound, Outcome.None),
        Refusal.KeyspaceDeleted => (ProblemCode.KeyspaceNotFound, Outcome.None),
        Refusal.NotStored => (ProblemCode.NotStored, Outcome.None),
        Refusal.NotOwner => (ProblemCode.Unavailable, Outcome.Unknown),
        Refusal.TransferRefused => (ProblemCode.Internal, Outcome.Unknown),
        Refusal.HistoryChanged => (ProblemCode.HistoryChanged, Outcome.None),
        Refusal.MessageDelivered => (ProblemCode.MessageDelivered, Outcome.None),
        Refusal.FormatTooOld => (ProblemCode.FormatTooOld, Outcome.None),
        Refusal.BadSchedule => (ProblemCode.BadField, Outcome.None),
        Refusal.NotFound => (notFound, Outcome.None),
        _ => throw new InvalidOperationException($"Refusal {refusal} has no error code; add it to {nameof(Refusals)}."),
    };
}
