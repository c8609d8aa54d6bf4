using Grains.Api.Json;
using Grains.Api.Nodes;
using Grains.Api.Problems;
using Grains.FrontEnd.Access;
using Grains.FrontEnd.Declarations;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Grains.FrontEnd.Services;
using Grains.Silo.Ownership;
using Grains.StateMachines.Explanations;
using Grains.StateMachines.Ids;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Explanations;

/// <summary>Why something is moving, or is not: for people who wonder.</summary>
internal sealed class ExplainRoutes(ServiceCalls calls, PartitionStatus? status = null, IHandlerStatus? handlers = null)
{
    public IEnumerable<ApiRoute> All =>
    [
        new("GET", "/v1/explain/services/{service}/nodes/{node}", Permission.Read, "Why a node is moving, or is not", NodeAsync)
        {
            Query = [RequestedConsistency.Read, RequestedConsistency.Since],
            Answers = [new(200, "In words and fields", typeof(NodeExplanation), Headers: RequestedConsistency.Header)],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.NodeNotFound, ProblemCode.HistoryChanged],
        },
    ];

    private async Task NodeAsync(HttpContext http)
    {
        Utf8Name node = ServiceCalls.NodeOf(http, segment: 5);
        RequestedConsistency consistency = RequestedConsistency.Of(http, Query.Of(http, RequestedConsistency.Read, RequestedConsistency.Since));
        ServiceSnapshot service = await calls.FindAsync(http, consistency.MayBeStale, segment: 3);
        PartitionId partition = service.PartitionOf(calls.Slots, node);
        NodeExplained explained = await calls.ExecuteAsync<NodeExplained>(
            service,
            partition,
            new ExplainNode { Service = service.Id, Node = node, Consistency = consistency.For(partition) },
            ProblemCode.NodeNotFound,
            http.RequestAborted);
        string? owner = status is null ? null : (await status.ReadAsync(partition, http.RequestAborted)).Owner;
        await Answers.JsonAsync(
            http,
            StatusCodes.Status200OK,
            NodeExplanations.Write(
                new NodeFacts(service, partition, owner, handlers?.Of(service.Name, owner)) { ClusterPause = status?.ClusterPause },
                explained),
            WireJson.Context.NodeExplanation);
    }
}
