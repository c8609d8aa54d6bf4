using Grains.Api.Problems;
using Grains.FrontEnd.Requests;
using Grains.Operations.Access;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Routes;

/// <summary>One route: what is mapped and what the API's document says of it, in one place.</summary>
/// <param name="Path">As documented; the last segment may end with a <c>:verb</c>.</param>
internal sealed record ApiRoute(
    string Method, string Path, Permission? Permission, string Summary, ApiHandler Handler)
{
    /// <summary>Names of query parameters, of those in <see cref="ApiParameters"/>.</summary>
    public string[] Query { get; init; } = [];

    /// <summary>Names of request headers, of those in <see cref="ApiParameters"/>.</summary>
    public string[] Headers { get; init; } = [];

    /// <summary>Type of a JSON body; null = none, unless <see cref="RawBody"/>.</summary>
    public Type? Body { get; init; }

    /// <summary>Of a body that has a type.</summary>
    public string BodyMediaType { get; init; } = ApiMedia.Json;

    public bool RawBody { get; init; }

    /// <summary>Most requests are for this route, or a few like it: see <see cref="FrequentRoutes"/>.</summary>
    public bool IsFrequent { get; init; }

    public required ApiAnswer[] Answers { get; init; }

    /// <summary>Beside those that every route may give.</summary>
    public ProblemCode[] Problems { get; init; } = [];

    /// <summary>The path without its verb, with a catch-all for keys: what routing matches.</summary>
    public string Template
    {
        get
        {
            int verb = Path.LastIndexOf("}:", StringComparison.Ordinal);
            string path = verb < 0 ? Path : Path[..(verb + 1)];
            return path.Replace("{key}", "{**key}", StringComparison.Ordinal);
        }
    }

    /// <summary>Empty where the path has none.</summary>
    public string Verb
    {
        get
        {
            int verb = Path.LastIndexOf("}:", StringComparison.Ordinal);
            return verb < 0 ? "" : Path[(verb + 2)..];
        }
    }
}

/// <summary>A good answer of a route.</summary>
/// <param name="Body">Type of its JSON, or of each line of it; null = it is no document of the API.</param>
/// <param name="MediaType">Null = JSON if it has a type, else no body.</param>
/// <param name="Headers">Names of response headers, of those in <see cref="ApiParameters"/>.</param>
internal sealed record ApiAnswer(
    int Status, string Text, Type? Body = null, string? MediaType = null, params string[] Headers);

/// <summary>Answers a request that was let in.</summary>
/// <param name="http">The request.</param>
/// <param name="caller">Who asks; of a route that needs no permission, nobody.</param>
internal delegate Task ApiHandler(HttpContext http, Caller caller);
