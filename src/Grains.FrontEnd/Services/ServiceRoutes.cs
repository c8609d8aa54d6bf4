using Grains.Api.Json;
using Grains.Api.Problems;
using Grains.Api.Services;
using Grains.FrontEnd.Access;
using Grains.FrontEnd.Declarations;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Services;

/// <summary>Declarations of services.</summary>
internal sealed class ServiceRoutes(DeclarationCatalog catalog)
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
        new("GET", _one + "/secret", Permission.Admin, "What a push service's requests are signed with", SecretAsync)
        {
            Answers = [new(200, "The secret", typeof(ServiceSecret))],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.SecretNotFound],
        },
        new("POST", _one + ":pause", Permission.Admin, "Nothing of the service is handed out until it is resumed", PauseAsync)
        {
            Answers = [new(200, "Paused; what is leased goes on", typeof(ServiceDeclaration))],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.DeclarationBusy],
        },
        new("POST", _one + ":resume", Permission.Admin, "The service's messages are handed out again", ResumeAsync)
        {
            Answers = [new(200, "Resumed", typeof(ServiceDeclaration))],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.DeclarationBusy],
        },
        new("DELETE", _one, Permission.Admin, "Deletes a service with its nodes and messages", DeleteAsync)
        {
            Answers = [new(204, "Deleted; its nodes and messages are being forgotten")],
            Problems = [ProblemCode.ServiceNotFound],
        },
    ];

    private async Task ListAsync(HttpContext http)
    {
        List<ServiceSnapshot> all = await catalog.ListServicesAsync(http.RequestAborted);
        await Answers.JsonAsync(http, StatusCodes.Status200OK,
            new ServiceList { Services = [.. all.Select(ServiceDocuments.Write)] }, WireJson.Context.ServiceList);
    }

    private async Task GetAsync(HttpContext http)
    {
        ServiceSnapshot service = await catalog.FindServiceAsync(Name(http)) ?? throw DeclarationCatalog.NoService();
        await Answers.JsonAsync(http, StatusCodes.Status200OK,
            ServiceDocuments.Write(service), WireJson.Context.ServiceDeclaration);
    }

    private async Task DeclareAsync(HttpContext http)
    {
        string name = Name(http);
        ServiceRequest request = await JsonBody.ReadAsync(http, WireJson.Context.ServiceRequest);
        (ServiceSnapshot service, bool created) =
            await catalog.DeclareServiceAsync(ServiceDocuments.Check(name, request), staysPaused: request.Paused is null);
        await Answers.JsonAsync(http, created ? StatusCodes.Status201Created : StatusCodes.Status200OK,
            ServiceDocuments.Write(service), WireJson.Context.ServiceDeclaration);
    }

    private Task PauseAsync(HttpContext http) => PauseAsync(http, paused: true);

    private Task ResumeAsync(HttpContext http) => PauseAsync(http, paused: false);

    private async Task PauseAsync(HttpContext http, bool paused)
    {
        string name = Names.Declared(RequestPath.Of(http).SegmentBeforeVerb(2), "service").ToString();
        ServiceSnapshot service = await catalog.PauseServiceAsync(name, paused) ?? throw DeclarationCatalog.NoService();
        await Answers.JsonAsync(http, StatusCodes.Status200OK,
            ServiceDocuments.Write(service), WireJson.Context.ServiceDeclaration);
    }

    private async Task SecretAsync(HttpContext http)
    {
        ServiceSnapshot service = await catalog.FindServiceAsync(Name(http)) ?? throw DeclarationCatalog.NoService();
        WebhookSecret secret = service.Handler.Secret ?? throw new RequestRefusedException(
            ProblemCode.SecretNotFound, $"Service '{service.Name}' was never pushed to, so nothing is signed.");
        http.Response.Headers.CacheControl = "no-store";
        await Answers.JsonAsync(http, StatusCodes.Status200OK,
            new ServiceSecret { Secret = secret.Expose() }, WireJson.Context.ServiceSecret);
    }

    private async Task DeleteAsync(HttpContext http)
    {
        if (!await catalog.DeleteAsync(Kind.Services, Name(http)))
        {
            throw DeclarationCatalog.NoService();
        }

        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static string Name(HttpContext http) => Names.Declared(RequestPath.Of(http).Segment(2), "service").ToString();
}
