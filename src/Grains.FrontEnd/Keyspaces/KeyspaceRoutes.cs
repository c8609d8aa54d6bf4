using Grains.Api;
using Grains.Api.Keyspaces;
using Grains.Api.Problems;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Grains.Operations.Access;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Operations.Keyspaces;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Keyspaces;

/// <summary>Declarations of keyspaces.</summary>
internal sealed class KeyspaceRoutes(KeyspaceOperations keyspaces) : IRoutes
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
                new(200, "Already declared with this layout", typeof(KeyspaceDeclaration)),
            ],
            Problems = [ProblemCode.KeyspaceImmutable, ProblemCode.DeclarationBusy],
        },
        new("DELETE", _one, Permission.Admin, "Deletes a keyspace with its keys", DeleteAsync)
        {
            Answers = [new(204, "Deleted; its keys are being removed")],
            Problems = [ProblemCode.KeyspaceNotFound],
        },
    ];

    private async Task ListAsync(HttpContext http, Caller caller)
    {
        Result<List<KeyspaceSnapshot>> result = await keyspaces.ListAsync(caller, http.RequestAborted);
        await (result.TryGet(out List<KeyspaceSnapshot>? all, out OperationError? error)
            ? Answers.JsonAsync(
                http,
                StatusCodes.Status200OK,
                new KeyspaceList { Keyspaces = [.. all.Select(Document)] },
                WireJson.Context.KeyspaceList)
            : ProblemAnswer.WriteAsync(http, error));
    }

    private async Task GetAsync(HttpContext http, Caller caller)
    {
        Result<KeyspaceSnapshot> result = await keyspaces.GetAsync(caller, RequestPath.Of(http).Segment(2));
        await (result.TryGet(out KeyspaceSnapshot? keyspace, out OperationError? error)
            ? WriteAsync(http, StatusCodes.Status200OK, keyspace)
            : ProblemAnswer.WriteAsync(http, error));
    }

    private async Task DeclareAsync(HttpContext http, Caller caller)
    {
        string name = Name(http);
        KeyspaceRequest request = await JsonBody.ReadAsync(http, WireJson.Context.KeyspaceRequest);
        Result<Declared<KeyspaceSnapshot>> result = await keyspaces.DeclareAsync(caller, name, request);
        await (result.TryGet(out Declared<KeyspaceSnapshot> declared, out OperationError? error)
            ? WriteAsync(
                http, declared.IsNew ? StatusCodes.Status201Created : StatusCodes.Status200OK, declared.Snapshot)
            : ProblemAnswer.WriteAsync(http, error));
    }

    private async Task DeleteAsync(HttpContext http, Caller caller)
    {
        Result<Nothing> result = await keyspaces.DeleteAsync(caller, RequestPath.Of(http).Segment(2).ToString());
        await Answers.EmptyAsync(http, StatusCodes.Status204NoContent, result.Error);
    }

    private static Task WriteAsync(HttpContext http, int status, KeyspaceSnapshot keyspace) =>
        Answers.JsonAsync(http, status, Document(keyspace), WireJson.Context.KeyspaceDeclaration);

    /// <summary>Before the body is read.</summary>
    private static string Name(HttpContext http) => PathNames.Declared(RequestPath.Of(http).Segment(2), "keyspace");

    private static KeyspaceDeclaration Document(KeyspaceSnapshot keyspace) => new()
    {
        Name = keyspace.Name,
        Id = keyspace.Id.Value,
        Layout = DeclarationCatalog.LayoutName(keyspace.Layout),
    };
}
