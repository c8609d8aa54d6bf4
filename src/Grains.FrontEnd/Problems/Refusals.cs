using Grains.Api.Problems;
using Grains.StateMachines.Batches;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Problems;

/// <summary>What a partition's refusal is called outside.</summary>
internal static class Refusals
{
    /// <param name="notFound">What <see cref="Refusal.NotFound"/> means for this request.</param>
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

    public static Task WriteAsync(HttpContext http, Answer answer, ProblemCode notFound) =>
        ProblemAnswer.WriteAsync(http, ToException(answer, notFound));

    /// <summary>The refusal as an exception: thrown only where it ends a longer piece of work.</summary>
    public static RequestRefusedException ToException(Answer answer, ProblemCode notFound)
    {
        Refused refused = Expect(answer);
        (ProblemCode code, Outcome outcome) = Map(refused.Code, notFound);
        return new RequestRefusedException(code, refused.Detail)
        {
            Outcome = refused.IsUncertain ? Outcome.Unknown : outcome,
            Current = CurrentOf(refused),
            RetryAfterMs = refused.RetryAfterMs,
        };
    }

    private static Refused Expect(Answer answer) => answer as Refused
        ?? throw new InvalidOperationException($"A partition gave {answer.GetType().Name}, which does not answer this command.");

    private static long? CurrentOf(Refused refused) =>
        refused.Code == Refusal.VersionMismatch ? refused.Current.Value : null;
}
