using Grains.Api.Problems;
using Grains.Operations.Access;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Operations.Services;
using Grains.Operations.Syntax;
using Grains.Operations.Waits;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Replies;

namespace Grains.Operations.Replies;

/// <summary>What came of a message, for who sent it.</summary>
public sealed class ReplyOperations(ServiceCalls calls, WaitingRoom room)
{
    /// <summary>Until it is over, the wait is, the caller goes away, or the server is to end.</summary>
    /// <exception cref="OperationCanceledException">The caller went away.</exception>
    public async Task<Result<ReplyFound>> WaitAsync(
        Caller caller, string service, MessageId message, long waitMs, CancellationToken gone)
    {
        if ((caller.Refuse(Permission.Read) ?? calls.RefuseUnknown(message)) is { } refused)
        {
            return refused;
        }

        if (!(await calls.FindAsync(service)).TryGet(out ServiceSnapshot? found, out OperationError? error))
        {
            return error;
        }

        using WaitingRoom.Place? place = room.Enter(caller, waitMs);
        var get = new GetReply(found.Id, message) { WaitMs = place is null ? 0 : waitMs };
        Result<ReplyFound> result = await room.WaitAsync(
            place, over => AskAsync(found, message, get, over), new ReplyFound(ReplyStatus.Open), gone);
        return waitMs > 0 && place is null && result.TryGet(out ReplyFound? reply, out _)
            && reply.Status == ReplyStatus.Open
            ? room.Full()
            : result;
    }

    private async Task<Result<ReplyFound>> AskAsync(
        ServiceSnapshot service, MessageId message, GetReply get, CancellationToken over) =>
        (await calls.ExecuteAsync<ReplyFound>(service.Name, message.Partition, get, ProblemCode.MessageNotFound, over))
            .TryGet(out Placed<ReplyFound> found, out OperationError? error)
                ? found.Answer
                : error;
}
