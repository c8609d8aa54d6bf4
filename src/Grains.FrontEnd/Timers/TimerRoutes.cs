using Grains.Api;
using Grains.Api.Problems;
using Grains.Api.Timers;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Grains.Operations.Access;
using Grains.Operations.Errors;
using Grains.Operations.Services;
using Grains.Operations.Syntax;
using Grains.Operations.Timers;
using Grains.StateMachines.Timers;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Timers;

/// <summary>Timers of nodes, from outside; handlers set them in their commits.</summary>
internal sealed class TimerRoutes(TimerOperations timers) : IRoutes
{
    private const string _all = "/v1/services/{service}/nodes/{node}/timers";
    private const string _one = _all + "/{timer}";

    public IEnumerable<ApiRoute> All =>
    [
        new("GET", _all, Permission.Read, "The timers of a node, by name", ListAsync)
        {
            Query = [ReadParameters.Read, ReadParameters.Since],
            Answers = [new(200, "The timers", typeof(TimerList), Headers: ReadParameters.Header)],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.NodeNotFound, ProblemCode.HistoryChanged],
        },
        new("PUT", _one, Permission.Write, "Sets a timer: sends the node a message on a schedule, or once", PutAsync)
        {
            Body = typeof(TimerRequest),
            Answers =
            [
                new(201, "Set", Headers: [Answers.PositionHeader]),
                new(200, "Replaced the timer of that name", Headers: [Answers.PositionHeader]),
            ],
            Problems =
            [
                ProblemCode.ServiceNotFound, ProblemCode.MailboxFull, ProblemCode.PartitionFull,
                ProblemCode.FormatTooOld
            ],
        },
        new("DELETE", _one, Permission.Write, "Deletes a timer", DeleteAsync)
        {
            Answers = [new(204, "Deleted", Headers: [Answers.PositionHeader])],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.TimerNotFound, ProblemCode.FormatTooOld],
        },
    ];

    private async Task ListAsync(HttpContext http, Caller caller)
    {
        Result<Placed<TimersFound>> result = await timers.ListAsync(
            caller, PathNames.NodeOf(http), ReadParameters.Of(http), http.RequestAborted);
        await (result.TryGet(out Placed<TimersFound> found, out OperationError? error)
            ? Answers.JsonAsync(
                http,
                StatusCodes.Status200OK,
                new TimerList { Timers = [.. found.Answer.Timers.Select(Document)] },
                WireJson.Context.TimerList)
            : ProblemAnswer.WriteAsync(http, error));
    }

    private async Task PutAsync(HttpContext http, Caller caller)
    {
        NodeAddress node = PathNames.NodeOf(http);
        TimerRequest request = await JsonBody.ReadAsync(http, WireJson.Context.TimerRequest, Limits.TimerJsonBytes);
        Result<Placed<TimerChanged>> result = await timers.SetAsync(caller, node, NameOf(http), request);
        await AnswerAsync(http, result, created => created ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    private async Task DeleteAsync(HttpContext http, Caller caller) => await AnswerAsync(
        http,
        await timers.DeleteAsync(caller, PathNames.NodeOf(http), NameOf(http)),
        _ => StatusCodes.Status204NoContent);

    private static Task AnswerAsync(HttpContext http, Result<Placed<TimerChanged>> result, Func<bool, int> statusOf)
    {
        if (!result.TryGet(out Placed<TimerChanged> changed, out OperationError? error))
        {
            return ProblemAnswer.WriteAsync(http, error);
        }

        Answers.SetPosition(http, changed.Position);
        return Answers.EmptyAsync(http, statusOf(changed.Answer.Created));
    }

    private static string NameOf(HttpContext http) => RequestPath.Of(http).Segment(6).ToString();

    private static TimerDocument Document(TimerView timer) => new()
    {
        Name = timer.Name.ToString(),
        Cron = timer.Cron,
        Zone = timer.Zone,
        Next = Rfc3339.Write(timer.DueMs),
        Pending = timer.Pending?.ToString(),
        Trouble = timer.Trouble,
        Type = timer.Content.Type,
        ContentType = timer.Content.ContentType,
        Size = timer.Content.Body.Length,
        Body = timer.Content.Body,
    };
}
