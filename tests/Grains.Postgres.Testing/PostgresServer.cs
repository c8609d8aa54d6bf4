using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Grains.Postgres.Testing;

/// <summary>
/// A Postgres server of a test's own, on a loopback port, in a folder that goes with it. A child of this process, so
/// that it can be killed and waited for, and ends with it.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string _user = "postgres";
    private const int _linesShown = 40;
    private static readonly TimeSpan _startDeadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _stopDeadline = TimeSpan.FromSeconds(30);

    private readonly PostgresServerOptions _options;
    private readonly string _folder;
    private readonly string _log;
    private readonly AfterExit? _afterExit;
    private Process? _process;

    private PostgresServer(PostgresServerOptions options)
    {
        _options = options;
        _folder = options.Folder ?? Directory.CreateTempSubdirectory("grains-postgres-").FullName;
        _afterExit = options.Folder is null ? new AfterExit(_folder) : null;
        _log = Path.Combine(options.LogFolder ?? _folder, "postgres.log");
        Port = options.Port ?? FindPort();
        AppDomain.CurrentDomain.ProcessExit += OnExit;
    }

    public int Port { get; }

    /// <summary>As the superuser, without a password: the server answers on its own address only.</summary>
    public string ConnectionString => $"Host={_options.Address};Port={Port};Username={_user};Database=postgres";

    public string DataFolder => Path.Combine(_folder, "data");

    /// <summary>Of the postmaster.</summary>
    public int ProcessId => _process?.Id ?? throw new InvalidOperationException("Postgres is not running.");

    /// <summary>Processor time of all its processes so far, those of ended connections included; Linux only.</summary>
    public TimeSpan CpuTime => ProcessFamilyTime.Of(ProcessId, ProcessTree.Children(ProcessId));

    public async Task ExecuteAsync(string sql)
    {
        await using NpgsqlConnection connection = await ConnectAsync();
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>A connection of its own, as the superuser.</summary>
    public async Task<NpgsqlConnection> ConnectAsync()
    {
        NpgsqlConnection connection = new(ConnectionString + ";Pooling=false;Timeout=5;Application Name=a test");
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>Makes a new cluster of databases and starts it.</summary>
    public static async Task<PostgresServer> StartAsync(PostgresServerOptions? options = null)
    {
        var server = new PostgresServer(options ?? new PostgresServerOptions());
        try
        {
            await server.InitializeAsync();
            await server.StartAgainAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it on what is there; returns when it accepts connections.</summary>
    public async Task StartAgainAsync()
    {
        Launch();
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(20))
        {
            if (_process!.HasExited)
            {
                throw new InvalidOperationException(
                    $"Postgres ended with {_process.ExitCode} while starting.\n{LogTail()}");
            }

            if (await AcceptsAsync())
            {
                return;
            }

            if (waited.Elapsed > _startDeadline)
            {
                throw new TimeoutException(
                    $"Postgres did not accept connections within {_startDeadline.TotalSeconds} s.\n{LogTail()}");
            }
        }
    }

    /// <summary>SIGKILL to the postmaster and all of its processes; returns when none of them runs.</summary>
    public void Kill()
    {
        if (_process is null)
        {
            return;
        }

        // Frozen it makes no more of them. A new postmaster refuses to start while one is attached to its shared
        // memory.
        Signal("STOP", _process.Id);
        int[] children = ProcessTree.Children(_process.Id);
        _process.Kill();
        _process.WaitForExit();
        foreach (int child in children)
        {
            Signal("KILL", child);
        }

        SpinWait.SpinUntil(() => !Array.Exists(children, ProcessTree.IsRunning), _stopDeadline);
        _process.Dispose();
        _process = null;
    }

    /// <summary>Ends it in an orderly way: connections are closed, a checkpoint is written.</summary>
    public async Task StopAsync()
    {
        if (_process is null)
        {
            return;
        }

        Signal("INT", _process.Id);
        using var deadline = new CancellationTokenSource(_stopDeadline);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            Kill();
            throw new TimeoutException($"Postgres did not stop within {_stopDeadline.TotalSeconds} s.\n{LogTail()}");
        }

        _process.Dispose();
        _process = null;
    }

    /// <summary>Ends every other connection to it, as its administrator would.</summary>
    public async Task DropConnectionsAsync()
    {
        await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using NpgsqlCommand drop = connection.CreateCommand();
        drop.CommandText =
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_type = 'client backend' AND "
            + "pid <> pg_backend_pid()";
        await drop.ExecuteScalarAsync();
    }

    /// <summary>A signal by name to one of its processes: STOP and CONT freeze a backend and let it go on.</summary>
    public static void Signal(string name, int processId) => RunToEnd("kill", [$"-{name}", $"{processId}"]);

    public string LogTail() =>
        File.Exists(_log) ? string.Join('\n', File.ReadLines(_log).TakeLast(_linesShown)) : "(no log)";

    /// <summary>What one of its processes has logged.</summary>
    public IEnumerable<string> LogOf(int processId) =>
        File.ReadLines(_log).Where(line => line.Contains($"[{processId}]", StringComparison.Ordinal));

    public ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        NpgsqlConnection.ClearAllPools();
        Kill();
        _afterExit?.Dispose();
        return ValueTask.CompletedTask;
    }

    private void OnExit(object? sender, EventArgs e) => Kill();

    private async Task InitializeAsync()
    {
        Directory.CreateDirectory(_folder);
        if (Environment.IsPrivilegedProcess)
        {
            RunToEnd("chown", [_user, _folder]);
        }

        RunToEnd("/bin/sh", ["-c", AsUser(
            $"'{PostgresPrograms.Path("initdb")}' -D '{DataFolder}' -U {_user} -A trust -E UTF8 --no-locale --no-sync "
            + "> /dev/null")]);
        // Beside its own host, which initdb lets in, whoever is on the network of its address.
        await File.AppendAllLinesAsync(Path.Combine(DataFolder, "pg_hba.conf"), ["host all all samenet trust"]);
        await File.AppendAllLinesAsync(Path.Combine(DataFolder, "postgresql.conf"),
        [
            $"listen_addresses = '{_options.Address}'",
            "unix_socket_directories = ''",
            "max_connections = 200",
            "log_line_prefix = '%m [%p] '",
            .. _options.Settings,
        ]);
    }

    private void Launch()
    {
        string command = AsUser($"'{PostgresPrograms.Path("postgres")}' -D '{DataFolder}' -p {Port}");
        string inside = _options.Inside.Length > 0 ? _options.Inside + " " : "";
        _process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"exec {inside}{command} >> '{_log}' 2>&1"])
        {
            WorkingDirectory = "/",
        })!;
    }

    /// <summary>
    /// Postgres refuses to run as root; setpriv becomes the program that it starts, so the process is ours.
    /// </summary>
    private static string AsUser(string command) => Environment.IsPrivilegedProcess
        ? $"setpriv --reuid={_user} --regid={_user} --init-groups {command}"
        : command;

    private async Task<bool> AcceptsAsync()
    {
        if (_options.ProbeInside)
        {
            string isReady = $"{_options.Inside} '{PostgresPrograms.Path("pg_isready")}' -q -h {_options.Address} -p "
                + $"{Port}";
            using Process probe = Process.Start("/bin/sh", ["-c", isReady]);
            await probe.WaitForExitAsync();
            return probe.ExitCode == 0;
        }

        try
        {
            await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false;Timeout=2");
            await connection.OpenAsync();
            return true;
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or SocketException)
        {
            return false;
        }
    }

    /// <summary>
    /// Not one that the system hands out by itself: while the server is down another connection could get it as its own
    /// end.
    /// </summary>
    private static int FindPort()
    {
        while (true)
        {
            int port = Random.Shared.Next(15_000, 32_000);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Somebody else has it; the next one.
            }
        }
    }

    private static void RunToEnd(string program, string[] arguments)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0 && program != "kill")
        {
            throw new InvalidOperationException(
                $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {error}");
        }
    }
}
