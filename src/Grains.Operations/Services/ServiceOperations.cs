using Grains.Api.Problems;
using Grains.Api.Services;
using Grains.Operations.Access;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Operations.Syntax;

namespace Grains.Operations.Services;

/// <summary>Declarations of services.</summary>
public sealed class ServiceOperations(DeclarationCatalog catalog)
{
    public async Task<Result<List<ServiceSnapshot>>> ListAsync(Caller caller, CancellationToken cancel) =>
        caller.Refuse(Permission.Read) is { } refused ? refused : await catalog.ListServicesAsync(cancel);

    public ValueTask<Result<ServiceSnapshot>> GetAsync(Caller caller, ReadOnlySpan<char> name) =>
        caller.Refuse(Permission.Read) is { } refused ? new(refused) : catalog.FindServiceAsync(name);

    /// <summary>Its id stays if it was declared before; it stays paused if the request says nothing of that.</summary>
    public async Task<Result<Declared<ServiceSnapshot>>> DeclareAsync(
        Caller caller, string name, ServiceRequest request)
    {
        if ((caller.Refuse(Permission.Admin) ?? Names.RefuseDeclared(name, "service")) is { } refused)
        {
            return refused;
        }

        return ServiceDocuments.Check(name, request).TryGet(out ServiceSnapshot? wanted, out OperationError? error)
            ? await catalog.DeclareServiceAsync(wanted, staysPaused: request.Paused is null)
            : error;
    }

    /// <summary>While it is paused nothing of it is handed out; what is leased goes on.</summary>
    public async Task<Result<ServiceSnapshot>> PauseAsync(Caller caller, string name, bool paused)
    {
        if ((caller.Refuse(Permission.Admin) ?? Names.RefuseDeclared(name, "service")) is { } refused)
        {
            return refused;
        }

        return (await catalog.PauseServiceAsync(name, paused)).TryGet(
            out Declared<ServiceSnapshot> service, out OperationError? error)
            ? service.Snapshot
            : error;
    }

    /// <summary>What a push service's requests are signed with.</summary>
    public async Task<Result<WebhookSecret>> SecretAsync(Caller caller, string name)
    {
        if (caller.Refuse(Permission.Admin) is { } refused)
        {
            return refused;
        }

        if (!(await catalog.FindServiceAsync(name)).TryGet(out ServiceSnapshot? service, out OperationError? error))
        {
            return error;
        }

        return service.Handler.Secret is { } secret
            ? secret
            : new OperationError(
                ProblemCode.SecretNotFound, $"Service '{service.Name}' was never pushed to, so nothing is signed.");
    }

    /// <summary>With its nodes and messages, which are forgotten from now on.</summary>
    public async Task<Result<Nothing>> DeleteAsync(Caller caller, string name) =>
        (caller.Refuse(Permission.Admin) ?? Names.RefuseDeclared(name, "service")) is { } refused
            ? refused
            : await catalog.DeleteAsync(Kind.Services, name);
}
