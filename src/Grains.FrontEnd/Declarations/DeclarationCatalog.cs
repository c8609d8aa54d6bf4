using System.Text.Json;
using Grains.Api.Json;
using Grains.Api.Keyspaces;
using Grains.Api.Problems;
using Grains.Api.Services;
using Grains.FrontEnd.Problems;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;

namespace Grains.FrontEnd.Declarations;

/// <summary>What is declared. Names become ids here; everything behind the front end knows ids only.</summary>
internal sealed class DeclarationCatalog
{
    /// <summary>Each try loses only to another declaration of the same name.</summary>
    private const int _triesMax = 16;

    private readonly SystemKeyspace _system;
    private readonly TimeProvider _time;
    private readonly DeclarationCache<KeyspaceSnapshot> _keyspaces;
    private readonly DeclarationCache<ServiceSnapshot> _services;

    public DeclarationCatalog(SystemKeyspace system, TimeProvider time)
    {
        _system = system;
        _time = time;
        _keyspaces = new(async (name, choice) => Keyspace(await system.GetAsync(Kind.Keyspaces, name, default, choice)), time);
        _services = new(async (name, choice) => Service(await system.GetAsync(Kind.Services, name, default, choice)), time);
    }

    /// <summary>A service was declared or deleted through this server.</summary>
    public event Action? ServicesChanged;

    public ValueTask<KeyspaceSnapshot?> FindKeyspaceAsync(ReadOnlySpan<char> name, bool mayBeOld = false) =>
        mayBeOld ? _keyspaces.FindOldAsync(name) : _keyspaces.FindAsync(name);

    public ValueTask<ServiceSnapshot?> FindServiceAsync(ReadOnlySpan<char> name, bool mayBeOld = false) =>
        mayBeOld ? _services.FindOldAsync(name) : _services.FindAsync(name);

    public static RequestRefusedException NoKeyspace(string where = "") =>
        new(ProblemCode.KeyspaceNotFound, $"No keyspace of this name is declared{where}.");

    public static RequestRefusedException NoService(string where = "") =>
        new(ProblemCode.ServiceNotFound, $"No service of this name is declared{where}.");

    /// <summary>A partition said that the id is gone: the next look-up reads again.</summary>
    public void ForgetKeyspace(string name) => _keyspaces.Forget(name);

    /// <inheritdoc cref="ForgetKeyspace"/>
    public void ForgetService(string name) => _services.Forget(name);

    public async Task<List<KeyspaceSnapshot>> ListKeyspacesAsync(CancellationToken cancel) =>
        [.. (await _system.ListAsync(Kind.Keyspaces, cancel)).Select(e => Keyspace(e)!)];

    /// <param name="cancel">Ends it.</param>
    /// <param name="unreadable">Told of a declaration that cannot be read, which is then left out; null: it is an error.</param>
    public async Task<List<ServiceSnapshot>> ListServicesAsync(CancellationToken cancel, Action<Exception>? unreadable = null)
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

    /// <exception cref="RequestRefusedException"><c>keyspace-immutable</c>.</exception>
    public async Task<(KeyspaceSnapshot Keyspace, bool Created)> DeclareKeyspaceAsync(string name, KeyspaceLayout layout)
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
                    throw new RequestRefusedException(ProblemCode.KeyspaceImmutable,
                        $"Keyspace '{name}' is declared with layout '{LayoutName(declared.Layout)}'.");
                }

                _keyspaces.Set(name, declared, readAt);
                return (declared, false);
            }

            if (await _system.PutAsync(Kind.Keyspaces, name, document, there) is { } created)
            {
                var keyspace = new KeyspaceSnapshot(name, new KeyspaceId(created.Value), layout);
                _keyspaces.Set(name, keyspace, _time.GetTimestamp());
                return (keyspace, true);
            }
        }

        throw Busy(name);
    }

    /// <param name="wanted">The declaration; its id is not looked at.</param>
    /// <param name="staysPaused">What it says of that is not looked at either: it is paused if it was.</param>
    public async Task<(ServiceSnapshot Service, bool Created)> DeclareServiceAsync(ServiceSnapshot wanted, bool staysPaused = false)
    {
        (ServiceSnapshot? service, bool created) = await ChangeServiceAsync(
            wanted.Name,
            there => WithSecret(staysPaused && there is not null ? wanted with { Paused = there.Paused } : wanted, there));
        return (service!, created);
    }

    /// <summary>Null = it is not declared.</summary>
    public async Task<ServiceSnapshot?> PauseServiceAsync(string name, bool paused) =>
        (await ChangeServiceAsync(name, there => there is null ? null : there with { Paused = paused })).Service;

    /// <param name="name">Whose declaration.</param>
    /// <param name="change">Null → it stays as it is.</param>
    private async Task<(ServiceSnapshot? Service, bool Created)> ChangeServiceAsync(
        string name, Func<ServiceSnapshot?, ServiceSnapshot?> change)
    {
        for (int tries = 0; tries < _triesMax; tries++)
        {
            KeyView? there = await _system.GetAsync(Kind.Services, name, CancellationToken.None);
            if (change(Service(there)) is not { } whole)
            {
                return (null, false);
            }

            byte[] document = JsonSerializer.SerializeToUtf8Bytes(
                ServiceDocuments.WriteWhole(whole), WireJson.Context.ServiceRequest);
            if (await _system.PutAsync(Kind.Services, name, document, there) is { } written)
            {
                ServiceSnapshot service = whole with { Id = new ServiceId((there?.Created ?? written).Value) };
                _services.Set(name, service, _time.GetTimestamp());
                ServicesChanged?.Invoke();
                return (service, there is null);
            }
        }

        throw Busy(name);
    }

    /// <summary>False = it was not there.</summary>
    public async Task<bool> DeleteAsync(Kind kind, string name)
    {
        KeyView? there = await _system.GetAsync(kind, name, CancellationToken.None);
        if (there is null)
        {
            return false;
        }

        // From this write on the deletion happens, whoever dies: the sweeper finishes what the tombstone says.
        await _system.AddTombstoneAsync(new Tombstone(kind, there.Created.Value, name));
        await _system.RemoveAsync(kind, name, there.Created);
        if (kind == Kind.Keyspaces)
        {
            ForgetKeyspace(name);
        }
        else
        {
            ForgetService(name);
            ServicesChanged?.Invoke();
        }

        return true;
    }

    public static string LayoutName(KeyspaceLayout layout) => layout == KeyspaceLayout.Ordered ? "ordered" : "spread";

    public static KeyspaceLayout? LayoutOf(string? name) => name switch
    {
        "ordered" => KeyspaceLayout.Ordered,
        "spread" => KeyspaceLayout.Spread,
        _ => null,
    };

    /// <summary>
    /// A push service has a secret: the one given, else the one that it had, else a new one. It is kept while the service
    /// is another kind.
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
        return ServiceDocuments.Check(SystemKeyspace.NameIn(entry.Key), document) with
        {
            Id = new ServiceId(entry.Created.Value),
        };
    }

    private static InvalidOperationException Damaged(KeyView entry) =>
        new($"The declaration '{entry.Key}' at {entry.Version} cannot be read; it was written by a newer version, or not by this program.");

    private static RequestRefusedException Busy(string name) => new(ProblemCode.DeclarationBusy,
        $"The declaration '{name}' was changed by others {_triesMax} times in a row.");
}
