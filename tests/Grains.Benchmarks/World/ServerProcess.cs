using System.Diagnostics;
using Grains.Benchmarks.Http;

namespace Grains.Benchmarks.World;

/// <summary>A web server on a loopback port: the real one, or the empty one beside it.</summary>
internal sealed class ServerProcess : IDisposable
{
    private static readonly TimeSpan _readyDeadline = TimeSpan.FromSeconds(120);
    private readonly long _started = Stopwatch.GetTimestamp();

    private ServerProcess(ChildProcess process, int port)
    {
        Process = process;
        Port = port;
    }

    public ChildProcess Process { get; }

    public int Port { get; }

    public static async Task<(ServerProcess Server, TimeSpan Ready)> StartGrainsAsync(
        string folder, params (string Name, string Value)[] environment) =>
        await StartGrainsAsync(folder, Array.Empty<string>(), environment);

    public static async Task<(ServerProcess Server, TimeSpan Ready)> StartGrainsAsync(
        string folder, string[] options, params (string Name, string Value)[] environment)
    {
        ServerProcess server = LaunchGrains(Programs.Server, ["--data", folder, .. options], environment);
        return (server, await server.ReadyAsync());
    }

    /// <summary>Another build of it.</summary>
    public static async Task<(ServerProcess Server, TimeSpan Ready)> StartGrainsAsync(
        string dll, string folder, string[] options)
    {
        ServerProcess server = LaunchGrains(dll, ["--data", folder, .. options]);
        return (server, await server.ReadyAsync());
    }

    /// <summary>One of several on a common database.</summary>
    public static async Task<ServerProcess> StartMemberAsync(
        string name, string connectionString, params string[] options)
    {
        ServerProcess server = LaunchGrains(
            Programs.Server,
            ["--name", name, "--silo", $"127.0.0.1:{ChildProcess.FreePort()}", "--dashboard", "false", .. options],
            ("GRAINS_POSTGRES", connectionString));
        await server.ReadyAsync();
        return server;
    }

    public static async Task<ServerProcess> StartEmptyAsync()
    {
        int port = ChildProcess.FreePort();
        var server = new ServerProcess(new ChildProcess(Programs.Benchmarks, ["--empty-server", $"{port}"]), port);
        await server.ReadyAsync();
        return server;
    }

    public void Dispose() => Process.Dispose();

    private static ServerProcess LaunchGrains(
        string dll, string[] arguments, params (string Name, string Value)[] environment)
    {
        int port = ChildProcess.FreePort();
        string[] all = [.. arguments, "--urls", $"http://127.0.0.1:{port}"];
        return new ServerProcess(new ChildProcess(dll, all, environment), port);
    }

    /// <returns>The time since the process was started.</returns>
    private async Task<TimeSpan> ReadyAsync()
    {
        byte[] request = "GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"u8.ToArray();
        while (Stopwatch.GetElapsedTime(_started) < _readyDeadline && !Process.HasExited)
        {
            try
            {
                using HttpConnection connection = await HttpConnection.OpenAsync(Port);
                if (await connection.ExchangeAsync(request) == 200)
                {
                    return Stopwatch.GetElapsedTime(_started);
                }
            }
            catch (Exception e) when (e is System.Net.Sockets.SocketException or IOException)
            {
            }

            await Task.Delay(5);
        }

        string state = Process.HasExited ? "ended" : "is silent";
        Process.Dispose();
        throw new InvalidOperationException(
            $"The server did not get ready, it {state}:\n{string.Join('\n', Process.Lines.TakeLast(30))}");
    }
}
