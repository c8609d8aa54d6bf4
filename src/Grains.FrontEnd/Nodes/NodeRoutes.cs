using Grains.Api;
using Grains.Api.Nodes;
using Grains.Api.Problems;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Grains.Operations.Access;
using Grains.Operations.Errors;
using Grains.Operations.Nodes;
using Grains.Operations.Paging;
using Grains.Operations.Services;
using Grains.Operations.Syntax;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Nodes;

/// <summary>Nodes and their states.</summary>
internal sealed class NodeRoutes(NodeOperations nodes) : IRoutes
{
    private const string _one = "/v1/services/{service}/nodes/{node}";
    private const string _state = _one + "/state";

    public IEnumerable<ApiRoute> All =>
    [
        new("GET", "/v1/services/{service}/nodes", Permission.Read, "Lists nodes in bytewise order", ListAsync)
        {
            Query = ["prefix", "after", "limit", ReadParameters.Read, ReadParameters.Since],
            Answers = [new(200, "A page", typeof(NodeList), Headers: ReadParameters.Header)],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.HistoryChanged],
        },
        new("GET", _one, Permission.Read, "What a node holds", GetAsync)
        {
            Query = [ReadParameters.Read, ReadParameters.Since],
            Answers = [new(200, "The node", typeof(NodeDocument), Headers: ReadParameters.Header)],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.NodeNotFound, ProblemCode.HistoryChanged],
        },
        new("DELETE", _one, Permission.Admin, "Deletes a node: state, messages, dead letters, timers", DeleteAsync)
        {
            Answers = [new(204, "Deleted")],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.NodeNotFound],
        },
        new(
            "POST", _one + ":purge", Permission.Admin,
            "Deletes a node's messages and dead letters; state and timers stay", PurgeAsync)
        {
            Answers = [new(200, "How many", typeof(PurgeResult))],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.NodeNotFound],
        },
        new(
            "POST", _one + ":pause", Permission.Admin, "Stops delivery of the node's messages until it is resumed",
            PauseAsync)
        {
            Answers = [new(204, "Paused; leased messages continue")],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.FormatTooOld],
        },
        new("POST", _one + ":resume", Permission.Admin, "Resumes delivery of the node's messages", ResumeAsync)
        {
            Answers = [new(204, "Resumed")],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.FormatTooOld],
        },
        new("GET", _state, Permission.Read, "Reads a node's state", GetStateAsync)
        {
            Query = [ReadParameters.Read, ReadParameters.Since],
            Headers = ["If-Match", "If-None-Match"],
            Answers =
            [
                new(200, "The state", MediaType: "*/*", Headers: ["ETag", "Grains-Position", ReadParameters.Header]),
                new(304, "The caller has this version", Headers: ["ETag", "Grains-Position", ReadParameters.Header]),
            ],
            Problems =
            [
                ProblemCode.ServiceNotFound, ProblemCode.StateNotFound, ProblemCode.VersionMismatch,
                ProblemCode.HistoryChanged
            ],
        },
        new("PUT", _state, Permission.Write, "Sets a node's state", PutStateAsync)
        {
            RawBody = true,
            Headers = ["If-Match", "If-None-Match", "Content-Type"],
            Answers =
            [
                new(201, "Created", Headers: ["ETag", "Grains-Position"]),
                new(200, "Replaced", Headers: ["ETag", "Grains-Position"]),
            ],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.VersionMismatch, ProblemCode.PartitionFull],
        },
        new("DELETE", _state, Permission.Write, "Removes a node's state", DeleteStateAsync)
        {
            Headers = ["If-Match", "If-None-Match"],
            Answers = [new(204, "Removed", Headers: ["Grains-Position"])],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.StateNotFound, ProblemCode.VersionMismatch],
        },
    ];

    private async Task ListAsync(HttpContext http, Caller caller)
    {
        Query query = Query.Of(http, "prefix", "after", "limit", ReadParameters.Read, ReadParameters.Since);
        RequestedConsistency consistency = ReadParameters.Of(http, query);
        var range = new NodeRange(query.Name("prefix"), query.Name("after"), query.Limit(), consistency);
        Result<MergedPage<NodeView>> result = await nodes.ListAsync(
            caller, RequestPath.Of(http).Segment(2).ToString(), range, http.RequestAborted);
        if (!result.TryGet(out MergedPage<NodeView>? page, out OperationError? error))
        {
            await ProblemAnswer.WriteAsync(http, error);
            return;
        }

        await Answers.JsonAsync(
            http,
            StatusCodes.Status200OK,
            new NodeList
            {
                Nodes = [.. page.Entries.Select(n => Document(n))],
                Next = page.More ? page.Entries[^1].Node.ToString() : null,
            },
            WireJson.Context.NodeList);
    }

    private async Task GetAsync(HttpContext http, Caller caller)
    {
        Result<Placed<NodeFound>> result = await nodes.GetAsync(
            caller, PathNames.NodeOf(http), ReadParameters.Of(http));
        await (result.TryGet(out Placed<NodeFound> found, out OperationError? error)
            ? Answers.JsonAsync(
                http, StatusCodes.Status200OK, Document(found.Answer.Node, found.Partition),
                WireJson.Context.NodeDocument)
            : ProblemAnswer.WriteAsync(http, error));
    }

    private async Task DeleteAsync(HttpContext http, Caller caller)
    {
        Result<Placed<Purged>> result = await nodes.PurgeAsync(caller, PathNames.NodeOf(http), withState: true);
        await Answers.EmptyAsync(http, StatusCodes.Status204NoContent, result.Error);
    }

    private async Task PurgeAsync(HttpContext http, Caller caller)
    {
        Result<Placed<Purged>> result = await nodes.PurgeAsync(
            caller, PathNames.NodeBeforeVerb(http), withState: false);
        await (result.TryGet(out Placed<Purged> purged, out OperationError? error)
            ? Answers.JsonAsync(
                http,
                StatusCodes.Status200OK,
                new PurgeResult { Waiting = purged.Answer.Waiting, Dead = purged.Answer.Dead },
                WireJson.Context.PurgeResult)
            : ProblemAnswer.WriteAsync(http, error));
    }

    private Task PauseAsync(HttpContext http, Caller caller) => PauseAsync(http, caller, paused: true);

    private Task ResumeAsync(HttpContext http, Caller caller) => PauseAsync(http, caller, paused: false);

    private async Task PauseAsync(HttpContext http, Caller caller, bool paused)
    {
        Result<Placed<Done>> result = await nodes.PauseAsync(caller, PathNames.NodeBeforeVerb(http), paused);
        await Answers.EmptyAsync(http, StatusCodes.Status204NoContent, result.Error);
    }

    private async Task GetStateAsync(HttpContext http, Caller caller)
    {
        NodeAddress node = PathNames.NodeOf(http);
        RequestedConsistency consistency = ReadParameters.Of(http);
        Preconditions conditions = Conditions.Read(http);
        Result<Placed<NodeFound>> result = await nodes.GetStateAsync(caller, node, consistency);
        if (!result.TryGet(out Placed<NodeFound> found, out OperationError? error))
        {
            await ProblemAnswer.WriteAsync(http, error);
            return;
        }

        NodeView view = found.Answer.Node;
        Answers.SetVersion(http, view.StateVersion);
        Answers.SetPosition(http, found.Position);
        if (!conditions.EndsIn(http, view.StateVersion))
        {
            await Answers.ContentAsync(http, view.State!, view.StateContentType);
        }
    }

    private async Task PutStateAsync(HttpContext http, Caller caller)
    {
        NodeAddress node = PathNames.NodeOf(http);
        Condition condition = Conditions.OfWrite(http);
        string? contentType = RequestHeaders.ContentType(http);
        byte[] value = await RequestBody.ReadAsync(http, Limits.ContentBytes);
        Result<Placed<StateWritten>> result = await nodes.PutStateAsync(
            caller, node, new StateChange(value, contentType), condition);
        if (!result.TryGet(out Placed<StateWritten> written, out OperationError? error))
        {
            await ProblemAnswer.WriteAsync(http, error);
            return;
        }

        http.Response.StatusCode = written.Answer.Created ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        http.Response.ContentLength = 0;
        Answers.SetVersion(http, written.Answer.Version);
        Answers.SetPosition(http, written.Position);
    }

    private async Task DeleteStateAsync(HttpContext http, Caller caller)
    {
        NodeAddress node = PathNames.NodeOf(http);
        Condition condition = Conditions.OfWrite(http);
        Result<Placed<StateWritten>> result = await nodes.PutStateAsync(
            caller, node, new StateChange(null, null), condition);
        if (!result.TryGet(out Placed<StateWritten> written, out OperationError? error))
        {
            await ProblemAnswer.WriteAsync(http, Preconditions.OfDelete(error, ProblemCode.StateNotFound, "state"));
            return;
        }

        http.Response.StatusCode = StatusCodes.Status204NoContent;
        Answers.SetPosition(http, written.Position);
    }

    private static NodeDocument Document(NodeView node, PartitionId? partition = null) => new()
    {
        Node = node.Node.ToString(),
        Waiting = node.Waiting,
        Delivered = node.Delivered,
        Dead = node.Dead,
        Delayed = node.Delayed,
        Paused = node.Paused,
        Timers = node.Timers,
        StateVersion = node.StateVersion == Revision.None ? null : node.StateVersion.Value,
        StateBytes = node.StateBytes,
        Partition = partition?.Value,
    };
}
