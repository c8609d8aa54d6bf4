using System.Text.Json;
using Grains.Api;
using Grains.Api.Keyspaces;
using Grains.Api.Problems;
using Grains.Api.Services;
using Grains.Operations.Errors;
using Grains.Operations.Syntax;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;

namespace Grains.Operations.Declarations;

/// <summary>What is declared. Names become ids here; everything behind operations knows ids only.</summary>
public sealed class DeclarationCatalog
{
    /// <summary>Each try loses only to another declaration of the same name.</summary>
    private const int _triesMax = 16;

    private static readonly OperationError _noKeyspace = new(
        ProblemCode.KeyspaceNotFound, "No keyspace of this name is declared.");
    private static readonly OperationError _noService = new(
        ProblemCode.ServiceNotFound, "No service of this name is declared.");

    private readonly SystemKeyspace _system;
    private readonly TimeProvider _time;
    private readonly DeclarationCache<KeyspaceSnapshot> _keyspaces;
    private readonly DeclarationCache<ServiceSnapshot> _services;

    public DeclarationCatalog(SystemKeyspace system, TimeProvider time)
    {
        _system = system;
        _time = time;
        _keyspaces = new(
            async (name, choice) => Keyspace(await system.GetAsync(Kind.Keyspaces, name, default, choice)), time);
        _services = new(
            async (name, choice) => Service(await system.GetAsync(Kind.Services, name, default, choice)), time);
    }

    /// <summary>A service was declared or deleted through this server.</summary>
    public event Action? ServicesChanged;

    /// <param name="name">As the caller gave it; it need not be a name at all.</param>
    /// <param name="mayBeStale">For a read of the past: no partition is asked for what is known here.</param>
    public ValueTask<Result<KeyspaceSnapshot>> FindKeyspaceAsync(ReadOnlySpan<char> name, bool mayBeStale = false) =>
        Names.RefuseDeclared(name, "keyspace") is { } refused ? new(refused)
        : ResultAsync(mayBeStale ? _keyspaces.FindOldAsync(name) : _keyspaces.FindAsync(name), _noKeyspace);

    /// <inheritdoc cref="FindKeyspaceAsync"/>
    public ValueTask<Result<ServiceSnapshot>> FindServiceAsync(ReadOnlySpan<char> name, bool mayBeStale = false) =>
        Names.RefuseDeclared(name, "service") is { } refused ? new(refused)
        : ResultAsync(mayBeStale ? _services.FindOldAsync(name) : _services.FindAsync(name), _noService);

    /// <summary>
    /// What an answer means that was not expected. After one that says that the id is gone the next look-up reads
    /// again.
    /// </summary>
    /// <param name="answer">Of a partition.</param>
    /// <param name="name">Of the keyspace or service that it was asked about.</param>
    /// <param name="notFound">What <see cref="Refusal.NotFound"/> means for this request.</param>
    public OperationError Refuse(Answer answer, string name, ProblemCode notFound)
    {
        switch (answer)
        {
            case Refused { Code: Refusal.KeyspaceDeleted }:
                _keyspaces.Forget(name);
                break;
            case Refused { Code: Refusal.ServiceDeleted }:
                _services.Forget(name);
                break;
        }

        return Refusals.Of(answer, notFound);
    }

    public Task<Result<List<KeyspaceSnapshot>>> ListKeyspacesAsync(CancellationToken cancel) =>
        ResultAsync<List<KeyspaceSnapshot>>(
        async () => (await _system.ListAsync(Kind.Keyspaces, cancel)).ConvertAll(e => Keyspace(e)!));

    public Task<Result<List<ServiceSnapshot>>> ListServicesAsync(CancellationToken cancel) =>
        ResultAsync<List<ServiceSnapshot>>(async () => await ReadServicesAsync(cancel));

    /// <param name="cancel">Ends it.</param>
    /// <param name="unreadable">Told of a declaration that cannot be read, which is then left out; null: it is an
    /// error.</param>
    /// <exception cref="Exception">The partition that has the declarations does not answer, or refuses.</exception>
    public async Task<List<ServiceSnapshot>> ReadServicesAsync(
        CancellationToken cancel, Action<Exception>? unreadable = null)
    {
        var services = new List<ServiceSnapshot>();
        foreach (KeyView entry in await _system.ListAsync(Kind.Services, cancel))
        {
            try
            {
                services.Add(Service(entry)!);
            }
            catch (Exception e) when (unreadable is not null)
            {
                unreadable(e);
            }
        }

        return services;
    }

    /// <summary>Refused if it is declared with another layout.</summary>
    public Task<Result<Declared<KeyspaceSnapshot>>> DeclareKeyspaceAsync(string name, KeyspaceLayout layout) =>
        ResultAsync(() => PutKeyspaceAsync(name, layout));

    /// <param name="wanted">The declaration; its id is not looked at.</param>
    /// <param name="staysPaused">What it says of that is not looked at either: it is paused if it was.</param>
    public Task<Result<Declared<ServiceSnapshot>>> DeclareServiceAsync(
        ServiceSnapshot wanted, bool staysPaused = false) =>
        ResultAsync(() => ChangeServiceAsync(
            wanted.Name,
            there => WithSecret(
                staysPaused && there is not null ? wanted with { Paused = there.Paused } : wanted, there)));

    public Task<Result<Declared<ServiceSnapshot>>> PauseServiceAsync(string name, bool paused) =>
        ResultAsync(() => ChangeServiceAsync(name, there => there is null ? null : there with { Paused = paused }));

    /// <summary>Its content is forgotten from now on, whoever dies.</summary>
    public Task<Result<Nothing>> DeleteAsync(Kind kind, string name) => ResultAsync(() => DeleteThereAsync(kind, name));

    private async Task<Result<Declared<KeyspaceSnapshot>>> PutKeyspaceAsync(string name, KeyspaceLayout layout)
    {
        byte[] document = JsonSerializer.SerializeToUtf8Bytes(
            new KeyspaceRequest { Layout = LayoutName(layout) }, WireJson.Context.KeyspaceRequest);
        for (int tries = 0; tries < _triesMax; tries++)
        {
            long readAt = _time.GetTimestamp();
            KeyView? there = await _system.GetAsync(Kind.Keyspaces, name, CancellationToken.None);
            if (Keyspace(there) is { } declared)
            {
                if (declared.Layout != layout)
                {
                    return new OperationError(ProblemCode.KeyspaceImmutable,
                        $"Keyspace '{name}' is declared with layout '{LayoutName(declared.Layout)}'.");
                }

                _keyspaces.Set(name, declared, readAt);
                return new Declared<KeyspaceSnapshot>(declared, IsNew: false);
            }

            if (await _system.PutAsync(Kind.Keyspaces, name, document, there) is { } created)
            {
                var keyspace = new KeyspaceSnapshot(name, new KeyspaceId(created.Value), layout);
                _keyspaces.Set(name, keyspace, _time.GetTimestamp());
                return new Declared<KeyspaceSnapshot>(keyspace, IsNew: true);
            }
        }

        return Busy(name);
    }

    /// <param name="name">Whose declaration.</param>
    /// <param name="change">Null → it is to be there already, and is not.</param>
    private async Task<Result<Declared<ServiceSnapshot>>> ChangeServiceAsync(
        string name, Func<ServiceSnapshot?, ServiceSnapshot?> change)
    {
        for (int tries = 0; tries < _triesMax; tries++)
        {
            KeyView? there = await _system.GetAsync(Kind.Services, name, CancellationToken.None);
            if (change(Service(there)) is not { } whole)
            {
                return _noService;
            }

            byte[] document = JsonSerializer.SerializeToUtf8Bytes(
                ServiceDocuments.WriteWhole(whole), WireJson.Context.ServiceRequest);
            if (await _system.PutAsync(Kind.Services, name, document, there) is { } written)
            {
                ServiceSnapshot service = whole with { Id = new ServiceId((there?.Created ?? written).Value) };
                _services.Set(name, service, _time.GetTimestamp());
                ServicesChanged?.Invoke();
                return new Declared<ServiceSnapshot>(service, IsNew: there is null);
            }
        }

        return Busy(name);
    }

    private async Task<Result<Nothing>> DeleteThereAsync(Kind kind, string name)
    {
        KeyView? there = await _system.GetAsync(kind, name, CancellationToken.None);
        if (there is null)
        {
            return kind == Kind.Keyspaces ? _noKeyspace : _noService;
        }

        // From this write on the deletion happens, whoever dies: the sweeper finishes what the tombstone says.
        await _system.AddTombstoneAsync(new Tombstone(kind, there.Created.Value, name));
        await _system.RemoveAsync(kind, name, there.Created);
        if (kind == Kind.Keyspaces)
        {
            _keyspaces.Forget(name);
        }
        else
        {
            _services.Forget(name);
            ServicesChanged?.Invoke();
        }

        return default(Nothing);
    }

    /// <summary>What stands in the way of a look-up, or of a step of one, as a value.</summary>
    private static async Task<Result<T>> ResultAsync<T>(Func<Task<Result<T>>> work)
        where T : notnull
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (Refusals.Of(e) is { } refused)
        {
            return refused;
        }
    }

    private static ValueTask<Result<T>> ResultAsync<T>(ValueTask<T?> found, OperationError none)
        where T : class
    {
        return found.IsCompletedSuccessfully
            ? new ValueTask<Result<T>>(found.Result is { } there ? there : none)
            : WaitAsync(found, none);

        static async ValueTask<Result<T>> WaitAsync(ValueTask<T?> found, OperationError none)
        {
            try
            {
                return await found is { } there ? there : none;
            }
            catch (Exception e) when (Refusals.Of(e) is { } refused)
            {
                return refused;
            }
        }
    }

    public static string LayoutName(KeyspaceLayout layout) => layout == KeyspaceLayout.Ordered ? "ordered" : "spread";

    public static KeyspaceLayout? LayoutOf(string? name) => name switch
    {
        "ordered" => KeyspaceLayout.Ordered,
        "spread" => KeyspaceLayout.Spread,
        _ => null,
    };

    /// <summary>
    /// A push service has a secret: the one given, else the one that it had, else a new one. It is kept while the
    /// service is another kind.
    /// </summary>
    private static ServiceSnapshot WithSecret(ServiceSnapshot wanted, ServiceSnapshot? there)
    {
        WebhookSecret? secret = wanted.Handler.Secret ?? there?.Handler.Secret
            ?? (wanted.Handler.Kind == HandlerKind.Push ? WebhookSecret.Generate() : null);
        return wanted with { Handler = wanted.Handler with { Secret = secret } };
    }

    private static KeyspaceSnapshot? Keyspace(KeyView? entry)
    {
        if (entry is null)
        {
            return null;
        }

        KeyspaceRequest? document = JsonSerializer.Deserialize(entry.Value, WireJson.Context.KeyspaceRequest);
        return new KeyspaceSnapshot(SystemKeyspace.NameIn(entry.Key), new KeyspaceId(entry.Created.Value),
            LayoutOf(document?.Layout) ?? throw Damaged(entry));
    }

    private static ServiceSnapshot? Service(KeyView? entry)
    {
        if (entry is null)
        {
            return null;
        }

        ServiceRequest document = JsonSerializer.Deserialize(entry.Value, WireJson.Context.ServiceRequest)
            ?? throw Damaged(entry);
        return ServiceDocuments.Check(
            SystemKeyspace.NameIn(entry.Key), document).TryGet(out ServiceSnapshot? service, out _)
            ? service with { Id = new ServiceId(entry.Created.Value) }
            : throw Damaged(entry);
    }

    private static InvalidOperationException Damaged(KeyView entry) =>
        new(
            $"The declaration '{entry.Key}' at {entry.Version} cannot be read; it was written by a newer version, or "
            + "not by this program.");

    private static OperationError Busy(string name) => new(ProblemCode.DeclarationBusy,
        $"The declaration '{name}' was changed by others {_triesMax} times in a row.");
}

/// <summary>A declaration, as it is now.</summary>
/// <param name="IsNew">There was none of that name.</param>
public readonly record struct Declared<T>(T Snapshot, bool IsNew);
