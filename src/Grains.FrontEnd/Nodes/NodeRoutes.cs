using Grains.Api;
using Grains.Api.Json;
using Grains.Api.Nodes;
using Grains.Api.Problems;
using Grains.FrontEnd.Access;
using Grains.FrontEnd.Declarations;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Grains.FrontEnd.Services;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Nodes;

/// <summary>Nodes and their states.</summary>
internal sealed class NodeRoutes(ServiceCalls calls)
{
    private const string _one = "/v1/services/{service}/nodes/{node}";
    private const string _state = _one + "/state";

    public IEnumerable<ApiRoute> All =>
    [
        new("GET", "/v1/services/{service}/nodes", Permission.Read, "Lists nodes in bytewise order", ListAsync)
        {
            Query = ["prefix", "after", "limit", RequestedConsistency.Read, RequestedConsistency.Since],
            Answers = [new(200, "A page", typeof(NodeList), Headers: RequestedConsistency.Header)],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.HistoryChanged],
        },
        new("GET", _one, Permission.Read, "What a node holds", GetAsync)
        {
            Query = [RequestedConsistency.Read, RequestedConsistency.Since],
            Answers = [new(200, "The node", typeof(NodeDocument), Headers: RequestedConsistency.Header)],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.NodeNotFound, ProblemCode.HistoryChanged],
        },
        new("DELETE", _one, Permission.Admin, "Forgets a node: state, messages, dead letters, timers", DeleteAsync)
        {
            Answers = [new(204, "Forgotten")],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.NodeNotFound],
        },
        new("POST", _one + ":purge", Permission.Admin, "Forgets a node's messages and dead letters; state and timers stay", PurgeAsync)
        {
            Answers = [new(200, "How many", typeof(PurgeResult))],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.NodeNotFound],
        },
        new("POST", _one + ":pause", Permission.Admin, "Nothing of the node is handed out until it is resumed", PauseAsync)
        {
            Answers = [new(204, "Paused; what is leased goes on")],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.FormatTooOld],
        },
        new("POST", _one + ":resume", Permission.Admin, "The node's messages are handed out again", ResumeAsync)
        {
            Answers = [new(204, "Resumed")],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.FormatTooOld],
        },
        new("GET", _state, Permission.Read, "Reads a node's state", GetStateAsync)
        {
            Query = [RequestedConsistency.Read, RequestedConsistency.Since],
            Headers = ["If-Match", "If-None-Match"],
            Answers =
            [
                new(200, "The state", MediaType: "*/*", Headers: ["ETag", "Grains-Position", RequestedConsistency.Header]),
                new(304, "The caller has this version", Headers: ["ETag", "Grains-Position", RequestedConsistency.Header]),
            ],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.StateNotFound, ProblemCode.VersionMismatch, ProblemCode.HistoryChanged],
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

    private async Task ListAsync(HttpContext http)
    {
        Query query = Query.Of(http, "prefix", "after", "limit", RequestedConsistency.Read, RequestedConsistency.Since);
        RequestedConsistency consistency = RequestedConsistency.Of(http, query);
        Utf8Name prefix = query.Name("prefix");
        Utf8Name after = query.Name("after");
        int limit = query.Limit();
        ServiceSnapshot service = await calls.FindAsync(http, consistency.MayBeStale);
        CancellationToken gone = http.RequestAborted;

        async ValueTask<MergedPage<NodeView>> ReadAsync(PartitionId partition, Utf8Name from, int count)
        {
            NodePage page = await calls.ExecuteAsync<NodePage>(
                service,
                partition,
                new ListNodes
                {
                    Service = service.Id,
                    Prefix = prefix,
                    After = from,
                    Limit = count,
                    Consistency = consistency.For(partition),
                },
                ProblemCode.ServiceNotFound,
                gone);
            return new MergedPage<NodeView>(page.Nodes, page.More);
        }

        var merge = new PageMerge<NodeView>(ReadAsync, n => n.Node, n => n.Node.Length);
        MergedPage<NodeView> merged = await merge.ReadAsync(calls.Slots.Partitions, after, limit, gone);
        await Answers.JsonAsync(
            http,
            StatusCodes.Status200OK,
            new NodeList
            {
                Nodes = [.. merged.Entries.Select(n => Document(n))],
                Next = merged.More ? merged.Entries[^1].Node.ToString() : null,
            },
            WireJson.Context.NodeList);
    }

    private async Task GetAsync(HttpContext http)
    {
        Utf8Name node = ServiceCalls.NodeOf(http);
        RequestedConsistency consistency = RequestedConsistency.Of(http, Query.Of(http, RequestedConsistency.Read, RequestedConsistency.Since));
        ServiceSnapshot service = await calls.FindAsync(http, consistency.MayBeStale);
        PartitionId partition = service.PartitionOf(calls.Slots, node);
        NodeFound found = await calls.ExecuteAsync<NodeFound>(
            service,
            partition,
            new GetNode { Service = service.Id, Node = node, Consistency = consistency.For(partition) },
            ProblemCode.NodeNotFound);
        await Answers.JsonAsync(http, StatusCodes.Status200OK, Document(found.Node, partition), WireJson.Context.NodeDocument);
    }

    private async Task DeleteAsync(HttpContext http)
    {
        await PurgeAsync(http, ServiceCalls.NodeOf(http), withState: true);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task PurgeAsync(HttpContext http)
    {
        Utf8Name node = Names.Node(RequestPath.Of(http).SegmentBeforeVerb(4));
        Purged purged = await PurgeAsync(http, node, withState: false);
        await Answers.JsonAsync(http, StatusCodes.Status200OK,
            new PurgeResult { Waiting = purged.Waiting, Dead = purged.Dead }, WireJson.Context.PurgeResult);
    }

    private async Task<Purged> PurgeAsync(HttpContext http, Utf8Name node, bool withState)
    {
        ServiceSnapshot service = await calls.FindAsync(http);
        return await calls.ExecuteAsync<Purged>(
            service,
            service.PartitionOf(calls.Slots, node),
            new PurgeNode { Service = service.Id, Node = node, WithState = withState },
            ProblemCode.NodeNotFound);
    }

    private Task PauseAsync(HttpContext http) => PauseAsync(http, paused: true);

    private Task ResumeAsync(HttpContext http) => PauseAsync(http, paused: false);

    private async Task PauseAsync(HttpContext http, bool paused)
    {
        Utf8Name node = Names.Node(RequestPath.Of(http).SegmentBeforeVerb(4));
        ServiceSnapshot service = await calls.FindAsync(http);
        await calls.ExecuteAsync<Done>(
            service,
            service.PartitionOf(calls.Slots, node),
            new PauseNode { Service = service.Id, Node = node, Paused = paused },
            ProblemCode.NodeNotFound);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task GetStateAsync(HttpContext http)
    {
        Utf8Name node = ServiceCalls.NodeOf(http);
        RequestedConsistency consistency = RequestedConsistency.Of(http, Query.Of(http, RequestedConsistency.Read, RequestedConsistency.Since));
        var condition = Conditions.OfRead.Of(http);
        ServiceSnapshot service = await calls.FindAsync(http, consistency.MayBeStale);
        PartitionId partition = service.PartitionOf(calls.Slots, node);
        Answer answer = await calls.ExecuteAsync(
            partition, new GetNode { Service = service.Id, Node = node, WithState = true, Consistency = consistency.For(partition) });
        if (answer is not NodeFound { Node: var found })
        {
            await ProblemAnswer.WriteAsync(http, calls.Refuse(answer, service.Name, ProblemCode.StateNotFound));
            return;
        }

        if (found.StateVersion == Revision.None || found.State is null)
        {
            await ProblemAnswer.WriteAsync(http, ProblemCode.StateNotFound, "The node exists and has no state.");
            return;
        }

        Answers.SetVersion(http, found.StateVersion);
        Answers.SetPosition(http, partition, answer);
        if (condition.EndsIn(http, found.StateVersion))
        {
            return;
        }

        await Answers.ContentAsync(http, found.State, found.StateContentType);
    }

    private async Task PutStateAsync(HttpContext http)
    {
        Utf8Name node = ServiceCalls.NodeOf(http);
        Condition condition = Conditions.OfWrite(http);
        string? contentType = RequestHeaders.ContentType(http);
        ServiceSnapshot service = await calls.FindAsync(http);
        byte[] value = await RequestBody.ReadAsync(http, Limits.ContentBytes);
        PartitionId partition = service.PartitionOf(calls.Slots, node);
        Answer answer = await calls.ExecuteAsync(partition, new PutState
        {
            Service = service.Id,
            Node = node,
            State = new StateChange(value, contentType),
            Condition = condition,
        });
        if (answer is not StateWritten written)
        {
            await ProblemAnswer.WriteAsync(http, calls.Refuse(answer, service.Name, ProblemCode.StateNotFound));
            return;
        }

        http.Response.StatusCode = written.Created ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        http.Response.ContentLength = 0;
        Answers.SetVersion(http, written.Version);
        Answers.SetPosition(http, partition, written);
    }

    private async Task DeleteStateAsync(HttpContext http)
    {
        Utf8Name node = ServiceCalls.NodeOf(http);
        Condition condition = Conditions.OfWrite(http);
        ServiceSnapshot service = await calls.FindAsync(http);
        PartitionId partition = service.PartitionOf(calls.Slots, node);
        Answer answer = await calls.ExecuteAsync(partition, new PutState
        {
            Service = service.Id,
            Node = node,
            State = new StateChange(null, null),
            Condition = condition,
        });
        if (answer is not StateWritten written)
        {
            await ProblemAnswer.WriteAsync(
                http, calls.Refuse(Conditions.OfDelete(answer, "state"), service.Name, ProblemCode.StateNotFound));
            return;
        }

        http.Response.StatusCode = StatusCodes.Status204NoContent;
        Answers.SetPosition(http, partition, written);
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
