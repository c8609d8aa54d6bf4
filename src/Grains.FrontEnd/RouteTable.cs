using Grains.Api.Problems;
using Grains.FrontEnd.Access;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Rates;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Grains.Operations.Access;
using Grains.Operations.Errors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grains.FrontEnd;

/// <summary>Every route, mapped behind its permission.</summary>
internal sealed class RouteTable(
    IEnumerable<IRoutes> groups, PageRoutes pages, IAccessPolicy access, AccessAudit audit, CallerRates rates)
{
    private static readonly string[] _probes = ["/healthz", "/readyz", "/metrics"];

    private IReadOnlyList<ApiRoute>? _all;

    public IReadOnlyList<ApiRoute> All => _all ??= [.. groups.SelectMany(g => g.All), .. pages.All(() => All)];

    public void Map(IEndpointRouteBuilder endpoints) => Map(endpoints, All);

    /// <summary>Only what asks how the server is.</summary>
    public void MapProbes(IEndpointRouteBuilder endpoints) => Map(endpoints, All.Where(r => _probes.Contains(r.Path)));

    private void Map(IEndpointRouteBuilder endpoints, IEnumerable<ApiRoute> mapped)
    {
        foreach (
            IGrouping<(string Method, string Template), ApiRoute> group in mapped.GroupBy(r => (r.Method, r.Template)))
        {
            ApiRoute[] routes = [.. group];
            RequestDelegate handler = routes is [{ Verb: "" } only] ? Guard(only) : ByVerb(routes);
            endpoints.MapMethods(group.Key.Template, MethodsOf(group.Key.Method, group.Key.Template), handler)
                .WithMetadata([.. routes])
                .WithDisplayName($"{group.Key.Method} {group.Key.Template}");
        }
    }

    /// <summary>
    /// What can be read can be asked for without its body (RFC 9110, 9.1); the web server leaves it out.
    /// </summary>
    private string[] MethodsOf(string method, string template) =>
        method == "GET" && !All.Any(r => r.Method == "HEAD" && r.Template == template) ? ["GET", "HEAD"] : [method];

    private RequestDelegate Guard(ApiRoute route)
    {
        ApiHandler handler = route.Handler;
        bool takesQuery = route.Query.Length > 0;
        string name = $"{route.Method} {route.Path}";
        if (route.Permission is not { } needed)
        {
            return http => handler(http, default);
        }

        return http =>
        {
            Admission admission = access.Admit(http, needed);
            if (admission.Refusal is { } refusal)
            {
                return RefuseAsync(http, refusal, admission.Key);
            }

            if (needed == Permission.Admin)
            {
                audit.Follow(http, name, admission.Key);
            }

            if (rates.Refuse(admission.Caller) is { } tooOften)
            {
                return ProblemAnswer.WriteAsync(http, tooOften);
            }

            if (!takesQuery && http.Request.QueryString.HasValue)
            {
                Query.Of(http);
            }

            return admission.Key is { } key
                ? KeyRequests.RunAsync(http, handler, admission.Caller, key.Life[needed])
                : handler(http, admission.Caller);
        };
    }

    private RequestDelegate ByVerb(ApiRoute[] routes)
    {
        (string Verb, RequestDelegate Handler)[] verbs = [.. routes.Select(r => (r.Verb, Guard(r)))];
        return http =>
        {
            ReadOnlySpan<char> wanted = RequestPath.Of(http).Verb;
            foreach ((string verb, RequestDelegate handler) in verbs)
            {
                if (wanted.SequenceEqual(verb))
                {
                    return handler(http);
                }
            }

            return ProblemAnswer.WriteAsync(http, ProblemCode.RouteNotFound,
                $"The path must end with one of: {string.Join(", ", verbs.Select(v => ":" + v.Verb))}.");
        };
    }

    private Task RefuseAsync(HttpContext http, OperationError refusal, HeldKey? key)
    {
        audit.Refused(http, ErrorCatalog.Describe(refusal.Code).Status, key?.Key.Name);
        if (refusal.Code == ProblemCode.Unauthenticated)
        {
            if (rates.RefuseGuess(http) is { } tooOften)
            {
                return ProblemAnswer.WriteAsync(http, tooOften);
            }

            http.Response.Headers.WWWAuthenticate = "Bearer";
        }

        return ProblemAnswer.WriteAsync(http, refusal);
    }
}
