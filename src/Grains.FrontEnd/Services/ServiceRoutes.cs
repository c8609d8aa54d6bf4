using Grains.Api;
using Grains.Api.Problems;
using Grains.Api.Services;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Grains.Operations.Access;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Operations.Services;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Services;

/// <summary>Declarations of services.</summary>
internal sealed class ServiceRoutes(ServiceOperations services) : IRoutes
{
    private const string _one = "/v1/services/{service}";

    public IEnumerable<ApiRoute> All =>
    [
        new("GET", "/v1/services", Permission.Read, "All services, by name", ListAsync)
        {
            Answers = [new(200, "The declarations", typeof(ServiceList))],
        },
        new("GET", _one, Permission.Read, "A service's declaration", GetAsync)
        {
            Answers = [new(200, "The declaration", typeof(ServiceDeclaration))],
            Problems = [ProblemCode.ServiceNotFound],
        },
        new("PUT", _one, Permission.Admin, "Declares a service, or replaces its declaration", DeclareAsync)
        {
            Body = typeof(ServiceRequest),
            Answers =
            [
                new(201, "Declared", typeof(ServiceDeclaration)),
                new(200, "Replaced; the id stays", typeof(ServiceDeclaration)),
            ],
            Problems = [ProblemCode.DeclarationBusy],
        },
        new("GET", _one + "/secret", Permission.Admin, "The secret that signs a push service's requests", SecretAsync)
        {
            Answers = [new(200, "The secret", typeof(ServiceSecret))],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.SecretNotFound],
        },
        new(
            "POST", _one + ":pause", Permission.Admin, "Stops delivery of the service's messages until it is resumed",
            PauseAsync)
        {
            Answers = [new(200, "Paused; leased messages continue", typeof(ServiceDeclaration))],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.DeclarationBusy],
        },
        new("POST", _one + ":resume", Permission.Admin, "Resumes delivery of the service's messages", ResumeAsync)
        {
            Answers = [new(200, "Resumed", typeof(ServiceDeclaration))],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.DeclarationBusy],
        },
        new("DELETE", _one, Permission.Admin, "Deletes a service with its nodes and messages", DeleteAsync)
        {
            Answers = [new(204, "Deleted; its nodes and messages are being removed")],
            Problems = [ProblemCode.ServiceNotFound],
        },
    ];

    private async Task ListAsync(HttpContext http, Caller caller)
    {
        Result<List<ServiceSnapshot>> result = await services.ListAsync(caller, http.RequestAborted);
        await (result.TryGet(out List<ServiceSnapshot>? all, out OperationError? error)
            ? Answers.JsonAsync(
                http,
                StatusCodes.Status200OK,
                new ServiceList { Services = [.. all.Select(ServiceDocuments.Write)] },
                WireJson.Context.ServiceList)
            : ProblemAnswer.WriteAsync(http, error));
    }

    private async Task GetAsync(HttpContext http, Caller caller) =>
        await WriteAsync(http, await services.GetAsync(caller, RequestPath.Of(http).Segment(2)));

    private async Task DeclareAsync(HttpContext http, Caller caller)
    {
        string name = PathNames.Declared(RequestPath.Of(http).Segment(2), "service");
        ServiceRequest request = await JsonBody.ReadAsync(http, WireJson.Context.ServiceRequest);
        Result<Declared<ServiceSnapshot>> result = await services.DeclareAsync(caller, name, request);
        await (result.TryGet(out Declared<ServiceSnapshot> declared, out OperationError? error)
            ? WriteAsync(
                http, declared.Snapshot, declared.IsNew ? StatusCodes.Status201Created : StatusCodes.Status200OK)
            : ProblemAnswer.WriteAsync(http, error));
    }

    private Task PauseAsync(HttpContext http, Caller caller) => PauseAsync(http, caller, paused: true);

    private Task ResumeAsync(HttpContext http, Caller caller) => PauseAsync(http, caller, paused: false);

    private async Task PauseAsync(HttpContext http, Caller caller, bool paused) =>
        await WriteAsync(
            http, await services.PauseAsync(caller, RequestPath.Of(http).SegmentBeforeVerb(2).ToString(), paused));

    private async Task SecretAsync(HttpContext http, Caller caller)
    {
        Result<WebhookSecret> result = await services.SecretAsync(caller, RequestPath.Of(http).Segment(2).ToString());
        if (!result.TryGet(out WebhookSecret? secret, out OperationError? error))
        {
            await ProblemAnswer.WriteAsync(http, error);
            return;
        }

        http.Response.Headers.CacheControl = "no-store";
        await Answers.JsonAsync(
            http, StatusCodes.Status200OK, new ServiceSecret { Secret = secret.Expose() },
            WireJson.Context.ServiceSecret);
    }

    private async Task DeleteAsync(HttpContext http, Caller caller)
    {
        Result<Nothing> result = await services.DeleteAsync(caller, RequestPath.Of(http).Segment(2).ToString());
        await Answers.EmptyAsync(http, StatusCodes.Status204NoContent, result.Error);
    }

    private static Task WriteAsync(HttpContext http, Result<ServiceSnapshot> result) =>
        result.TryGet(out ServiceSnapshot? service, out OperationError? error)
            ? WriteAsync(http, service, StatusCodes.Status200OK)
            : ProblemAnswer.WriteAsync(http, error);

    private static Task WriteAsync(HttpContext http, ServiceSnapshot service, int status) =>
        Answers.JsonAsync(http, status, ServiceDocuments.Write(service), WireJson.Context.ServiceDeclaration);
}
