using Grains.Postgres.Testing;

namespace Grains.Faults.Tests.World;

/// <summary>
/// Several server processes on one Postgres. Where the system allows it each is at an end of its own of a network that
/// can be cut, and the database on a volume whose power can be cut; else all are on loopback, and those faults are
/// skipped.
/// </summary>
internal sealed class ClusterWorld : IAsyncDisposable
{
    private static readonly string[] _lossySettings = ["fsync = off", "full_page_writes = off"];

    private readonly bool _lossy;
    private readonly TempFolder _folder = new();
    private readonly Network? _network = Network.WhyNot() is null ? new Network() : null;
    private readonly PowerCutVolume? _volume;
    private readonly NetworkEnd? _postgresEnd;
    private readonly List<ServerProcess> _servers = [];
    private PostgresServer? _postgres;
    private Action? _killPostgresAtExit;

    /// <param name="lossy">Nothing is synced, so that a power cut must lose something.</param>
    private ClusterWorld(bool lossy)
    {
        _lossy = lossy;
        _volume = PowerCutVolume.WhyNot() is null ? new PowerCutVolume(_folder) : null;
        _postgresEnd = _network?.AddEnd("postgres");
    }

    /// <summary>The program that each server runs, and what else is on its command line.</summary>
    private (string? Program, string[] Arguments) More { get; init; } = (null, []);

    /// <summary>Those that the cluster began with.</summary>
    public IReadOnlyList<ServerProcess> Servers { get; private set; } = [];

    public PostgresServer Postgres => _postgres!;

    public bool HasNetwork => _network is not null;

    public bool HasVolume => _volume is not null;

    /// <summary>A file beside the logs of the servers, outside of every volume.</summary>
    public string File(string name) => _folder.File(name);

    /// <summary>Returns when each server serves every partition.</summary>
    public static async Task<ClusterWorld> StartAsync(
        bool lossy = false, int servers = 3, string? program = null, params string[] arguments)
    {
        var world = new ClusterWorld(lossy) { More = (program, arguments) };
        try
        {
            await world.StartPostgresAsync();
            world.Servers = [.. Enumerable.Range(0, servers).Select(_ => world.AddServer())];
            await Task.WhenAll(world.Servers.Select(s => s.StartAsync()));
            world.Sync();
            return world;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    /// <summary>One more server, not started.</summary>
    /// <param name="program">Null: what the others run.</param>
    public ServerProcess AddServer(string? program = null)
    {
        string name = $"server-{_servers.Count + 1}";
        ServerSettings settings = ServerSettings.Member(
            name, _folder.File($"{name}.log"), Postgres.ConnectionString, _network?.AddEnd(name), _lossy);
        var server = new ServerProcess(settings with
        {
            Program = program ?? More.Program ?? settings.Program,
            Arguments = [.. settings.Arguments, .. More.Arguments],
        });
        _servers.Add(server);
        return server;
    }

    /// <summary>A place for something else, that all servers reach; null: loopback.</summary>
    public NetworkEnd? AddEnd(string name) => _network?.AddEnd(name);

    /// <summary>Both stay connected to everything else.</summary>
    public void Cut(ServerProcess one, ServerProcess other)
    {
        one.Disturb();
        other.Disturb();
        _network!.Cut(one.End!, other.End!);
    }

    public void CutFromPostgres(ServerProcess server)
    {
        server.Disturb();
        _network!.Cut(server.End!, _postgresEnd!);
    }

    public void Heal() => _network!.Heal();

    /// <summary>Makes durable what is there, so that a run does not begin by losing its own preparation.</summary>
    public void Sync() => _volume?.Sync();

    /// <summary>
    /// The machine of the database loses its power, gets it back, and Postgres starts on what the disk has.
    /// </summary>
    public async Task CutPowerOfPostgresAsync()
    {
        foreach (ServerProcess server in _servers)
        {
            // Without fsync the history that they know may be gone, and they with it.
            server.IsMortal |= _lossy;
        }

        _volume!.CutPower();
        Postgres.Kill();
        _volume.RestorePower();
        await Postgres.StartAgainAsync();
    }

    /// <summary>
    /// Those that found out that they were out, and ended themselves; a service manager would do the same.
    /// </summary>
    public Task RestartEndedAsync() => Task.WhenAll(Servers.Where(s => !s.IsRunning).Select(s => s.StartAsync()));

    /// <summary>The ends of what the servers and Postgres said.</summary>
    public string LogTails() => string.Join(
        "\n\n", [.. _servers.Select(s => $"{s.Name}:\n{s.LogTail()}"), $"Postgres:\n{_postgres?.LogTail()}"]);

    public async ValueTask DisposeAsync()
    {
        var lost = new List<LostServerException>();
        foreach (ServerProcess server in _servers)
        {
            try
            {
                await server.DisposeAsync();
            }
            catch (LostServerException e)
            {
                lost.Add(e);
            }
        }

        if (_postgres is not null)
        {
            AtExit.Remove(_killPostgresAtExit!);
            await _postgres.DisposeAsync();
        }

        _network?.Dispose();
        _volume?.Dispose();
        _folder.Dispose();
        if (lost.Count > 0)
        {
            throw new LostServerException(string.Join("\n\n", lost.Select(e => e.Message)));
        }
    }

    private async Task StartPostgresAsync()
    {
        _postgres = await PostgresServer.StartAsync(new PostgresServerOptions
        {
            Folder = _volume is null ? _folder.File("postgres") : Path.Combine(_volume.MountPoint, "postgres"),
            LogFolder = _folder.Root,
            Address = _postgresEnd?.Address.ToString() ?? "127.0.0.1",
            Inside = string.Join(' ', _postgresEnd?.Inside ?? []),
            Settings = ["max_wal_size = 256MB", .. _lossy ? _lossySettings : []],
        });

        // Before the volume is unmounted and the network removed at an early exit.
        _killPostgresAtExit = _postgres.Kill;
        AtExit.Add(_killPostgresAtExit);
    }
}
