using Grains.Api;
using Grains.Api.Nodes;
using Grains.Api.Problems;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Grains.Operations.Access;
using Grains.Operations.Errors;
using Grains.Operations.Explanations;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Explanations;

/// <summary>Why something is moving, or is not: for people who wonder.</summary>
internal sealed class ExplainRoutes(ExplainOperations explanations) : IRoutes
{
    public IEnumerable<ApiRoute> All =>
    [
        new(
            "GET", "/v1/explain/services/{service}/nodes/{node}", Permission.Read, "Explains a node's progress",
            NodeAsync)
        {
            Query = [ReadParameters.Read, ReadParameters.Since],
            Answers = [new(200, "The explanation", typeof(NodeExplanation), Headers: ReadParameters.Header)],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.NodeNotFound, ProblemCode.HistoryChanged],
        },
    ];

    private async Task NodeAsync(HttpContext http, Caller caller)
    {
        Result<NodeExplanation> result = await explanations.NodeAsync(
            caller, PathNames.NodeOf(http, service: 3), ReadParameters.Of(http), http.RequestAborted);
        await (result.TryGet(out NodeExplanation? explanation, out OperationError? error)
            ? Answers.JsonAsync(http, StatusCodes.Status200OK, explanation, WireJson.Context.NodeExplanation)
            : ProblemAnswer.WriteAsync(http, error));
    }
}
