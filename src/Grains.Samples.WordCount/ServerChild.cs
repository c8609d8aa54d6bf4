using System.Diagnostics;

namespace Grains.Samples.WordCount;

/// <summary>A server of our own: temporary data folder, free port, killed without warning, started again.</summary>
internal sealed class ServerChild : IDisposable
{
    private static readonly TimeSpan _readyDeadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _pollPeriod = TimeSpan.FromMilliseconds(50);

    private readonly string _folder = Directory.CreateTempSubdirectory("grains-wordcount-").FullName;
    private readonly ChildProcess _child;
    private readonly Api _api;

    public ServerChild()
    {
        Url = new Uri($"http://127.0.0.1:{FreePort.Find()}");
        _api = new Api([Url]);
        _child = new ChildProcess(
            [
                ServerDll(), "--data", Path.Combine(_folder, "data"), "--urls", Url.ToString().TrimEnd('/'),
                "--partitions", "64",
            ],
            Path.Combine(_folder, "server.log"));
    }

    public Uri Url { get; }

    public async Task StartAsync(CancellationToken stop)
    {
        _child.Start();
        for (var waited = Stopwatch.StartNew(); !await _api.IsReadyAsync(stop); await Task.Delay(_pollPeriod, stop))
        {
            if (_child.HasExited || waited.Elapsed > _readyDeadline)
            {
                // Only after its end is all of its output there.
                _child.Kill();
                throw new WordCountException($"The server does not start. It said:\n{_child.LogTail()}");
            }
        }
    }

    public void Kill() => _child.Kill();

    public void Dispose()
    {
        _child.Dispose();
        _api.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>GRAINS_SERVER_DLL, else the server built together with this program.</summary>
    private static string ServerDll()
    {
        if (Environment.GetEnvironmentVariable("GRAINS_SERVER_DLL") is { Length: > 0 } given)
        {
            return given;
        }

        // …/src/Grains.Samples.WordCount/bin/Debug/net10.0 → …/src/Grains.Server/bin/Debug/net10.0
        string ours = AppContext.BaseDirectory.TrimEnd('/', '\\');
        string configuration = Path.GetFileName(Path.GetDirectoryName(ours)!);
        string dll = Path.GetFullPath(Path.Combine(
            ours, "../../../../Grains.Server/bin", configuration, Path.GetFileName(ours), "Grains.Server.dll"));
        return File.Exists(dll)
            ? dll
            : throw new WordCountException(
                $"The server is not built: no {dll}. Build src/Grains.Server, set GRAINS_SERVER_DLL, or give --url.");
    }
}
