using System.Text.Json;
using Grains.Api.Problems;
using Grains.FrontEnd.Routes;
using Grains.FrontEnd.Tests.World;
using Grains.Operations.Errors;
using Grains.StateMachines.Batches;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Grains.FrontEnd.Tests;

/// <summary>What must agree: codes, pages, refusals, routes and the document.</summary>
public sealed class CatalogTests
{
    [Fact]
    public void Every_code_has_a_description_and_a_page_and_every_page_a_code()
    {
        Assert.Equal(Enum.GetValues<ProblemCode>().Order(), ErrorCatalog.All.Select(e => e.Key).Order());
        Assert.Equal(
            ErrorCatalog.All.Select(e => e.Value.Code).Order(StringComparer.Ordinal),
            ErrorCatalog.PageCodes().Order(StringComparer.Ordinal));
        foreach ((ProblemCode name, ErrorDescription description) in ErrorCatalog.All)
        {
            string page = System.Text.Encoding.UTF8.GetString(ErrorCatalog.ReadPage(description.Code)!);
            Assert.StartsWith($"# {description.Code}\n", page);
            Assert.Contains("**Cause.**", page);
            Assert.Contains("**Remedy.**", page);
            Assert.Equal(name.ToString(), description.Code.Replace("-", ""), ignoreCase: true);
            Assert.InRange(description.Status, 400, 599);
        }
    }

    [Fact]
    public void Every_refusal_of_a_partition_has_a_code()
    {
        foreach (Refusal refusal in Enum.GetValues<Refusal>())
        {
            (ProblemCode code, _) = Refusals.Map(refusal, ProblemCode.KeyNotFound);
            Assert.NotNull(ErrorCatalog.Describe(code));
        }
    }

    [Theory]
    [InlineData(Refusal.VersionMismatch, "412 version-mismatch", "none", false)]
    [InlineData(Refusal.LimitExceeded, "413 too-large", "none", false)]
    [InlineData(Refusal.PartitionFull, "507 partition-full", "none", false)]
    [InlineData(Refusal.Overloaded, "429 overloaded", "none", true)]
    [InlineData(Refusal.CommandTooOld, "503 command-too-old", "unknown", true)]
    [InlineData(Refusal.NotStored, "503 not-stored", "none", true)]
    [InlineData(Refusal.NotOwner, "503 unavailable", "unknown", true)]
    [InlineData(Refusal.KeyspaceDeleted, "404 keyspace-not-found", "none", false)]
    public async Task A_refusal_tells_code_outcome_and_when_to_retry(
        Refusal refusal, string expected, string outcome, bool retryAfter)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        server.Partitions.Script = (_, command, _) => command is StateMachines.Keyspaces.PutKey
            ? Task.FromResult<Answer>(new Refused(refusal, "Said the partition.") { RetryAfterMs = 1_500 })
            : null;
        Reply reply = await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/a", "x");
        Assert.Equal(expected, reply.Refusal);
        Assert.Equal(outcome, reply.Json.GetProperty("outcome").GetString());
        Assert.Equal("Said the partition.", reply.Detail);
        Assert.Equal(retryAfter ? "2" : null, reply.Headers.GetValueOrDefault("Retry-After"));
        Assert.Equal("application/problem+json", reply.Headers["Content-Type"]);
        Reply page = await server.SendAsync("GET", reply.Json.GetProperty("type").GetString()!);
        Assert.Equal(200, page.Status);
    }

    [Theory]
    [InlineData(true, "none")]
    [InlineData(false, "unknown")]
    public async Task A_partition_without_an_answer_is_503_with_what_is_known_of_the_outcome(bool known, string outcome)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        server.Partitions.Script = (partition, _, _) =>
            Task.FromException<Answer>(
                new Silo.Partitions.PartitionUnavailableException(partition, known, "It moves."));
        Reply reply = await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/a", "x");
        Assert.Equal("503 unavailable", reply.Refusal);
        Assert.Equal(outcome, reply.Json.GetProperty("outcome").GetString());
        Assert.True(reply.Json.GetProperty("retryable").GetBoolean());
        Assert.Empty(server.Errors.Lines);
    }

    [Fact]
    public async Task The_document_holds_every_mapped_route_and_no_other()
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync();
        JsonElement document = (await server.SendAsync("GET", "/openapi/v1.json")).Json;
        string[] documented =
        [
            .. document.GetProperty("paths").EnumerateObject().SelectMany(p =>
                p.Value.EnumerateObject().Select(o => $"{o.Name.ToUpperInvariant()} {p.Name}")),
        ];
        IEnumerable<RouteEndpoint> endpoints =
            server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();
        string[] mapped =
        [
            .. endpoints
                .Where(e => !e.RoutePattern.RawText!.StartsWith("/api", StringComparison.Ordinal))
                .SelectMany(e => e.Metadata.GetOrderedMetadata<ApiRoute>().Select(r =>
                {
                    Assert.Equal(r.Template, e.RoutePattern.RawText);
                    bool hasOwnHead = documented.Contains("HEAD " + r.Path);
                    Assert.Equal(
                        r.Method == "GET" && !hasOwnHead ? ["GET", "HEAD"] : [r.Method],
                        e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods);
                    return $"{r.Method} {r.Path}";
                })
                .DefaultIfEmpty($"without a row in the table: {e.RoutePattern.RawText}")),
        ];
        Assert.Equal(documented.Order(StringComparer.Ordinal), mapped.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_document_names_every_error_code_and_all_its_references_resolve()
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync();
        Reply reply = await server.SendAsync("GET", "/openapi/v1.json");
        foreach ((_, ErrorDescription description) in ErrorCatalog.All)
        {
            Assert.Contains($"`{description.Code}`", reply.Body);
        }

        JsonElement schemas = reply.Json.GetProperty("components").GetProperty("schemas");
        foreach (string reference in References(reply.Json))
        {
            Assert.True(reference.StartsWith("#/components/schemas/", StringComparison.Ordinal), reference);
            Assert.True(schemas.TryGetProperty(reference.Split('/')[^1], out _), reference);
        }

        string[] ids =
        [
            .. reply.Json.GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject())
                .Select(o => o.Value.GetProperty("operationId").GetString()!),
        ];
        Assert.Equal(ids.Distinct(), ids);
    }

    [Fact]
    public async Task Every_route_is_in_the_README_of_the_API()
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync();
        string readme = File.ReadAllText(Path.Combine(Repository(), "src/Grains.Api/README.md"));
        foreach (ApiRoute route in server.Services.GetRequiredService<RouteTable>().All)
        {
            string path = route.Path.Replace("{keyspace}", "{k}").Replace("{service}", "{s}").Replace("{node}", "{n}")
                .Replace("{delivery}", "{d}").Replace("{message}", "{id}");
            string tail = path.Contains("}/", StringComparison.Ordinal)
                ? path[(path.LastIndexOf("}/", StringComparison.Ordinal) + 1)..]
                : path;
            Assert.True(readme.Contains(path) || readme.Contains(tail) || readme.Contains(":" + route.Verb), path);
        }
    }

    [Fact]
    public async Task The_page_of_the_API_loads_everything_from_this_server()
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync();
        Reply page = await server.SendAsync("GET", "/api/");
        Assert.Equal(200, page.Status);
        Assert.DoesNotContain("://", page.Body.Replace("http://www.w3.org", ""));
        string script = System.Text.RegularExpressions.Regex.Matches(page.Body, "src=\"([^\"]+)\"")[0].Groups[1].Value;
        Reply loaded = await server.SendAsync("GET", new Uri(new Uri(server.Address, "/api/"), script).PathAndQuery);
        Assert.Equal(200, loaded.Status);
        Assert.True(loaded.Body.Length > 100_000);
    }

    [Fact]
    public async Task Health_and_readiness_are_told_apart()
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync();
        server.Partitions.IsReady = false;
        Assert.Equal(200, (await server.SendAsync("GET", "/healthz")).Status);
        Assert.Equal(503, (await server.SendAsync("GET", "/readyz")).Status);
        server.Partitions.IsReady = true;
        Assert.Equal(200, (await server.SendAsync("GET", "/readyz")).Status);
        Assert.Equal("404 route-not-found", (await server.SendAsync("GET", "/errors/nothing")).Refusal);
    }

    private static string Repository()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Grains.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(p =>
            p.Name == "$ref" ? [p.Value.GetString()!] : References(p.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };
}
