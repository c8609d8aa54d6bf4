using Grains.Api.Json;
using Grains.Api.Keyspaces;
using Grains.Api.Problems;
using Grains.FrontEnd.Access;
using Grains.FrontEnd.Declarations;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Keyspaces;

/// <summary>Declarations of keyspaces.</summary>
internal sealed class KeyspaceRoutes(DeclarationCatalog catalog)
{
    private const string _one = "/v1/keyspaces/{keyspace}";

    public IEnumerable<ApiRoute> All =>
    [
        new("GET", "/v1/keyspaces", Permission.Read, "All keyspaces, by name", ListAsync)
        {
            Answers = [new(200, "The declarations", typeof(KeyspaceList))],
        },
        new("GET", _one, Permission.Read, "A keyspace's declaration", GetAsync)
        {
            Answers = [new(200, "The declaration", typeof(KeyspaceDeclaration))],
            Problems = [ProblemCode.KeyspaceNotFound],
        },
        new("PUT", _one, Permission.Admin, "Declares a keyspace", DeclareAsync)
        {
            Body = typeof(KeyspaceRequest),
            Answers =
            [
                new(201, "Declared", typeof(KeyspaceDeclaration)),
                new(200, "It was declared so before", typeof(KeyspaceDeclaration)),
            ],
            Problems = [ProblemCode.KeyspaceImmutable, ProblemCode.DeclarationBusy],
        },
        new("DELETE", _one, Permission.Admin, "Deletes a keyspace with its keys", DeleteAsync)
        {
            Answers = [new(204, "Deleted; its keys are being forgotten")],
            Problems = [ProblemCode.KeyspaceNotFound],
        },
    ];

    private async Task ListAsync(HttpContext http)
    {
        List<KeyspaceSnapshot> all = await catalog.ListKeyspacesAsync(http.RequestAborted);
        await Answers.JsonAsync(http, StatusCodes.Status200OK,
            new KeyspaceList { Keyspaces = [.. all.Select(Document)] }, WireJson.Context.KeyspaceList);
    }

    private async Task GetAsync(HttpContext http)
    {
        KeyspaceSnapshot keyspace = await catalog.FindKeyspaceAsync(Name(http)) ?? throw DeclarationCatalog.NoKeyspace();
        await Answers.JsonAsync(http, StatusCodes.Status200OK, Document(keyspace), WireJson.Context.KeyspaceDeclaration);
    }

    private async Task DeclareAsync(HttpContext http)
    {
        string name = Name(http);
        KeyspaceRequest request = await JsonBody.ReadAsync(http, WireJson.Context.KeyspaceRequest);
        KeyspaceLayout layout = DeclarationCatalog.LayoutOf(request.Layout)
            ?? throw Fields.Refuse("'layout' must be 'ordered' or 'spread'.");
        (KeyspaceSnapshot keyspace, bool created) = await catalog.DeclareKeyspaceAsync(name, layout);
        await Answers.JsonAsync(http, created ? StatusCodes.Status201Created : StatusCodes.Status200OK,
            Document(keyspace), WireJson.Context.KeyspaceDeclaration);
    }

    private async Task DeleteAsync(HttpContext http)
    {
        if (!await catalog.DeleteAsync(Kind.Keyspaces, Name(http)))
        {
            throw DeclarationCatalog.NoKeyspace();
        }

        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static string Name(HttpContext http) => Names.Declared(RequestPath.Of(http).Segment(2), "keyspace").ToString();

    private static KeyspaceDeclaration Document(KeyspaceSnapshot keyspace) => new()
    {
        Name = keyspace.Name,
        Id = keyspace.Id.Value,
        Layout = DeclarationCatalog.LayoutName(keyspace.Layout),
    };
}
