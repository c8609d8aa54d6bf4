using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using Grains.Api;
using Grains.Api.Problems;
using Grains.FrontEnd.Requests;
using Grains.Operations.Access;

namespace Grains.FrontEnd.Routes;

/// <summary>
/// The routes as an OpenAPI 3.1 document: written from the same table that is mapped, so that it cannot lag behind.
/// </summary>
internal static class OpenApiDocument
{
    /// <summary>Beside those of the route; a route that touches no partition cannot give all of them.</summary>
    private static readonly ProblemCode[] _everywhere =
    [
        ProblemCode.BadPath, ProblemCode.BadName, ProblemCode.BadHeader, ProblemCode.BadParameter,
        ProblemCode.RouteNotFound, ProblemCode.MethodNotAllowed, ProblemCode.Overloaded, ProblemCode.Internal,
        ProblemCode.NotStored, ProblemCode.Unavailable, ProblemCode.CommandTooOld,
    ];

    private static readonly ProblemCode[] _withKeys =
    [
        ProblemCode.Unauthenticated, ProblemCode.Forbidden, ProblemCode.RateLimited
    ];

    private static readonly ProblemCode[] _withBody =
        [ProblemCode.BadBody, ProblemCode.BodyTooSlow, ProblemCode.TooLarge, ProblemCode.UnsupportedMediaType];

    private static readonly ProblemCode[] _withJson =
        [ProblemCode.BadJson, ProblemCode.BadField];

    public static string Write(IReadOnlyList<ApiRoute> routes)
    {
        var schemas = new SortedDictionary<string, JsonNode>(StringComparer.Ordinal);
        var paths = new JsonObject();
        foreach (ApiRoute route in routes)
        {
            if (paths[route.Path] is not JsonObject path)
            {
                paths[route.Path] = path = [];
            }

            path[route.Method.ToLowerInvariant()] = Operation(route, schemas);
        }

        var document = new JsonObject
        {
            ["openapi"] = "3.1.1",
            ["info"] = new JsonObject
            {
                ["title"] = "Grains",
                ["version"] = "1",
                ["description"] = "Services made of durable nodes, and strongly consistent keys. "
                    + "Refusals are problem details (RFC 9457); each `code` has a page under `/errors/`.",
            },
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = new JsonObject(schemas.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value))),
                ["securitySchemes"] = new JsonObject
                {
                    ["key"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer" },
                },
            },
        };
        return document.ToJsonString(new JsonSerializerOptions(WireJson.Context.Options) { WriteIndented = true });
    }

    private static JsonObject Operation(ApiRoute route, SortedDictionary<string, JsonNode> schemas)
    {
        var operation = new JsonObject
        {
            ["operationId"] = OperationId(route),
            ["tags"] = new JsonArray(Tag(route.Path)),
            ["summary"] = route.Summary,
            ["security"] = route.Permission is { } permission
                ? new JsonArray(new JsonObject(), new JsonObject { ["key"] = new JsonArray(Word(permission)) })
                : [],
        };
        if (Parameters(route) is { Count: > 0 } parameters)
        {
            operation["parameters"] = parameters;
        }

        if (route.Body is not null || route.RawBody)
        {
            operation["requestBody"] = new JsonObject
            {
                ["required"] = false,
                ["content"] = route.Body is null
                    ? Raw("*/*")
                    : Json(route.BodyMediaType, route.Body, schemas),
            };
        }

        operation["responses"] = Responses(route, schemas);
        return operation;
    }

    private static JsonArray Parameters(ApiRoute route)
    {
        var parameters = new JsonArray();
        foreach (string name in ApiParameters.Path.Keys.Where(
            n => route.Path.Contains("{" + n + "}", StringComparison.Ordinal)))
        {
            parameters.Add(Parameter("path", name, ApiParameters.Path[name], required: true));
        }

        foreach (string name in route.Query)
        {
            parameters.Add(Parameter("query", name, ApiParameters.Query[name], required: false));
        }

        // OpenAPI has no parameter 'Content-Type': the media type of the body says it.
        foreach (string name in route.Headers.Where(n => n != "Content-Type"))
        {
            parameters.Add(Parameter("header", name, ApiParameters.Headers[name], required: false));
        }

        return parameters;
    }

    private static JsonObject Parameter(string place, string name, string text, bool required) => new()
    {
        ["name"] = name,
        ["in"] = place,
        ["required"] = required,
        ["description"] = text,
        ["schema"] = name switch
        {
            "limit" => new JsonObject { ["type"] = "integer", ["minimum"] = 1, ["maximum"] = 1_000, ["default"] = 100 },
            "values" => new JsonObject { ["type"] = "boolean", ["default"] = false },
            _ => new JsonObject { ["type"] = "string" },
        },
    };

    private static JsonObject Responses(ApiRoute route, SortedDictionary<string, JsonNode> schemas)
    {
        var responses = new JsonObject();
        foreach (ApiAnswer answer in route.Answers)
        {
            var response = new JsonObject { ["description"] = answer.Text };
            if (answer.Headers.Length > 0)
            {
                response["headers"] = new JsonObject(answer.Headers.Select(h =>
                    KeyValuePair.Create(h, (JsonNode?)Header(h))));
            }

            if (answer.Body is not null)
            {
                response["content"] = Json(answer.MediaType ?? ApiMedia.Json, answer.Body, schemas);
            }
            else if (answer.MediaType is not null)
            {
                response["content"] = Raw(answer.MediaType);
            }

            responses[Word(answer.Status)] = response;
        }

        foreach (IGrouping<int, ErrorDescription> group in ProblemsOf(route)
            .Select(ErrorCatalog.Describe).GroupBy(d => d.Status).OrderBy(g => g.Key))
        {
            if (responses.ContainsKey(Word(group.Key)))
            {
                continue;
            }

            var response = new JsonObject
            {
                ["description"] = string.Join("; ", group.Select(d => $"`{d.Code}`: {d.Title}")),
                ["content"] = new JsonObject
                {
                    ["application/problem+json"] = new JsonObject { ["schema"] = Reference(typeof(Problem), schemas) },
                },
            };
            if (group.Key is 429 or 503)
            {
                response["headers"] = new JsonObject { ["Retry-After"] = Header("Retry-After") };
            }

            responses[Word(group.Key)] = response;
        }

        return responses;
    }

    /// <summary>Every code that the route can answer with.</summary>
    public static IEnumerable<ProblemCode> ProblemsOf(ApiRoute route)
    {
        IEnumerable<ProblemCode> problems = route.Problems.Concat(_everywhere);
        if (route.Permission is not null)
        {
            problems = problems.Concat(_withKeys);
        }

        if (route.RawBody || route.Body is not null)
        {
            problems = problems.Concat(_withBody);
        }

        return route.Body is null ? problems : problems.Concat(_withJson);
    }

    private static JsonObject Header(string name) => new()
    {
        ["description"] = ApiParameters.Headers[name],
        ["schema"] = new JsonObject { ["type"] = "string" },
    };

    private static JsonObject Raw(string mediaType) => new() { [mediaType] = new JsonObject() };

    private static JsonObject Json(
        string mediaType, Type type, SortedDictionary<string, JsonNode> schemas) => new()
    {
        [mediaType] = new JsonObject { ["schema"] = Reference(type, schemas) },
    };

    private static JsonObject Reference(Type type, SortedDictionary<string, JsonNode> schemas)
    {
        if (!schemas.ContainsKey(type.Name))
        {
            schemas[type.Name] = WireJson.Context.Options.GetJsonSchemaAsNode(type,
                new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true });
        }

        return new JsonObject { ["$ref"] = "#/components/schemas/" + type.Name };
    }

    private static string OperationId(ApiRoute route)
    {
        string[] words = route.Path.Split(['/', ':', '{', '}', '.'], StringSplitOptions.RemoveEmptyEntries);
        return route.Method.ToLowerInvariant() + string.Concat(words.Select(w => char.ToUpperInvariant(w[0]) + w[1..]));
    }

    private static string Tag(string path) => path switch
    {
        _ when path.Contains("/keys", StringComparison.Ordinal) => "Keys",
        _ when path.StartsWith("/v1/keyspaces", StringComparison.Ordinal) => "Keyspaces",
        _ when path.Contains("/receive", StringComparison.Ordinal)
            || path.Contains("/deliveries", StringComparison.Ordinal) => "Deliveries",
        _ when path.Contains("/messages", StringComparison.Ordinal)
            || path.Contains("/mailbox", StringComparison.Ordinal)
            || path.Contains("/dead", StringComparison.Ordinal) => "Messages",
        _ when path.Contains("/nodes", StringComparison.Ordinal) => "Nodes",
        _ when path.StartsWith("/v1/services", StringComparison.Ordinal) => "Services",
        _ => "Server",
    };

    private static string Word(Permission permission) => permission.ToString().ToLowerInvariant();

    private static string Word(int status) => status.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
