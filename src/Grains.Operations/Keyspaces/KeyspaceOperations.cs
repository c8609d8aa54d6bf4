using Grains.Api.Keyspaces;
using Grains.Api.Problems;
using Grains.Operations.Access;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Operations.Syntax;

namespace Grains.Operations.Keyspaces;

/// <summary>Declarations of keyspaces.</summary>
public sealed class KeyspaceOperations(DeclarationCatalog catalog)
{
    public async Task<Result<List<KeyspaceSnapshot>>> ListAsync(Caller caller, CancellationToken cancel) =>
        caller.Refuse(Permission.Read) is { } refused ? refused : await catalog.ListKeyspacesAsync(cancel);

    public ValueTask<Result<KeyspaceSnapshot>> GetAsync(Caller caller, ReadOnlySpan<char> name) =>
        caller.Refuse(Permission.Read) is { } refused ? new(refused) : catalog.FindKeyspaceAsync(name);

    /// <summary>Refused if it is declared with another layout.</summary>
    public async Task<Result<Declared<KeyspaceSnapshot>>> DeclareAsync(
        Caller caller, string name, KeyspaceRequest request)
    {
        if ((caller.Refuse(Permission.Admin) ?? Names.RefuseDeclared(name, "keyspace")) is { } refused)
        {
            return refused;
        }

        if (DeclarationCatalog.LayoutOf(request.Layout) is not { } layout)
        {
            return new OperationError(ProblemCode.BadField, "'layout' must be 'ordered' or 'spread'.");
        }

        return await catalog.DeclareKeyspaceAsync(name, layout);
    }

    /// <summary>With its keys, which are forgotten from now on.</summary>
    public async Task<Result<Nothing>> DeleteAsync(Caller caller, string name) =>
        (caller.Refuse(Permission.Admin) ?? Names.RefuseDeclared(name, "keyspace")) is { } refused
            ? refused
            : await catalog.DeleteAsync(Kind.Keyspaces, name);
}
