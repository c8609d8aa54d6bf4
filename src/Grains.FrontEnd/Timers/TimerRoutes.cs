using Grains.Api.Json;
using Grains.Api.Problems;
using Grains.Api.Timers;
using Grains.FrontEnd.Access;
using Grains.FrontEnd.Declarations;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Grains.FrontEnd.Services;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Timers;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Timers;

/// <summary>Timers of nodes, from outside; handlers set them in their commits.</summary>
internal sealed class TimerRoutes(ServiceCalls calls)
{
    private const string _all = "/v1/services/{service}/nodes/{node}/timers";
    private const string _one = _all + "/{timer}";

    public IEnumerable<ApiRoute> All =>
    [
        new("GET", _all, Permission.Read, "The timers of a node, by name", ListAsync)
        {
            Query = [RequestedConsistency.Read, RequestedConsistency.Since],
            Answers = [new(200, "All of them", typeof(TimerList), Headers: RequestedConsistency.Header)],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.NodeNotFound, ProblemCode.HistoryChanged],
        },
        new("PUT", _one, Permission.Write, "Sends the node a message at the times of a schedule, or once", PutAsync)
        {
            Body = typeof(TimerRequest),
            Answers =
            [
                new(201, "Set", Headers: [Answers.PositionHeader]),
                new(200, "Set anew in the place of the one of that name", Headers: [Answers.PositionHeader]),
            ],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.MailboxFull, ProblemCode.PartitionFull, ProblemCode.FormatTooOld],
        },
        new("DELETE", _one, Permission.Write, "Ends a timer", DeleteAsync)
        {
            Answers = [new(204, "It fires no more", Headers: [Answers.PositionHeader])],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.TimerNotFound, ProblemCode.FormatTooOld],
        },
    ];

    private async Task ListAsync(HttpContext http)
    {
        Utf8Name node = ServiceCalls.NodeOf(http);
        RequestedConsistency consistency = RequestedConsistency.Of(http, Query.Of(http, RequestedConsistency.Read, RequestedConsistency.Since));
        ServiceSnapshot service = await calls.FindAsync(http, consistency.MayBeStale);
        PartitionId partition = service.PartitionOf(calls.Slots, node);
        TimersFound found = await calls.ExecuteAsync<TimersFound>(
            service,
            partition,
            new ListTimers { Service = service.Id, Node = node, Consistency = consistency.For(partition) },
            ProblemCode.NodeNotFound,
            http.RequestAborted);
        await Answers.JsonAsync(
            http,
            StatusCodes.Status200OK,
            new TimerList { Timers = [.. found.Timers.Select(Document)] },
            WireJson.Context.TimerList);
    }

    private async Task PutAsync(HttpContext http)
    {
        Utf8Name name = TimerFields.Name(RequestPath.Of(http).Segment(6), "A timer's name");
        TimerRequest request = await JsonBody.ReadAsync(http, WireJson.Context.TimerRequest, Api.Limits.TimerJsonBytes);
        TimerChanged changed = await ChangeAsync(http, TimerFields.Set(name, request, member: ""));
        http.Response.StatusCode = changed.Created ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        http.Response.ContentLength = 0;
    }

    private async Task DeleteAsync(HttpContext http)
    {
        await ChangeAsync(http, new TimerChange { Name = TimerFields.Name(RequestPath.Of(http).Segment(6), "A timer's name") });
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task<TimerChanged> ChangeAsync(HttpContext http, TimerChange change)
    {
        Utf8Name node = ServiceCalls.NodeOf(http);
        ServiceSnapshot service = await calls.FindAsync(http);
        PartitionId partition = service.PartitionOf(calls.Slots, node);
        TimerChanged changed = await calls.ExecuteAsync<TimerChanged>(
            service,
            partition,
            new ChangeTimer { Service = service.Id, Node = node, Timer = change, MailboxLimit = service.MailboxLimit },
            ProblemCode.TimerNotFound);
        Answers.SetPosition(http, partition, changed);
        return changed;
    }

    private static TimerDocument Document(TimerView timer) => new()
    {
        Name = timer.Name.ToString(),
        Cron = timer.Cron,
        Zone = timer.Zone,
        Next = Answers.Time(timer.DueMs),
        Pending = timer.Pending?.ToString(),
        Trouble = timer.Trouble,
        Type = timer.Content.Type,
        ContentType = timer.Content.ContentType,
        Size = timer.Content.Body.Length,
        Body = timer.Content.Body,
    };
}
