using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Grains.Handlers.Tests.World;

namespace Grains.Handlers.Tests.Push;

/// <summary>The samples of the documents, each in its own language, as processes.</summary>
public sealed class SampleTests
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);

    [SkippableTheory]
    [InlineData("python3", "greeter.py")]
    [InlineData("node", "greeter.mjs")]
    [InlineData("dotnet", "greeter.cs")]
    public async Task A_sample_counts_every_greeting_once(string program, string file)
    {
        string sample = Path.Combine(Folder(), file);
        Skip.If(!IsInstalled(program), $"{program} is not installed, so {file} cannot run");
        int port = FreePort.Find();
        using Process process = program == "dotnet"
            ? StartBuilt(sample, port)
            : Process.Start(program, [sample, $"{port}"]);
        try
        {
            await UntilListensAsync(process, port);
            await using HandlerWorld world = await HandlerWorld.StartAsync();
            await world.DeclareAsync("greeter", new
            {
                handler = new
                {
                    kind = "push", urls = new[] { $"http://127.0.0.1:{port}/" }, mode = "envelope", batch = 5
                },
            });
            await Task.WhenAll(Enumerable.Range(0, 30).Select(i => world.SendAsync("greeter", $"n{i % 3}", "hello")));
            for (int i = 0; i < 3; i++)
            {
                await world.UntilIdleAsync("greeter", $"n{i}");
                Assert.Equal("10", await world.StateAsync("greeter", $"n{i}"));
            }
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
    }

    private static Process StartBuilt(string sample, int port)
    {
        string folder = Directory.CreateTempSubdirectory("grains-sample-").FullName;
        var start = new ProcessStartInfo(
            "dotnet", ["build", sample, "-o", folder, "-v", "q", "--nologo", "-p:UseSharedCompilation=false"]);
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using Process build = Process.Start(start)!;
        build.WaitForExit();
        Assert.Equal(0, build.ExitCode);
        return Process.Start("dotnet", [Path.Combine(folder, "greeter.dll"), $"{port}"]);
    }

    private static async Task UntilListensAsync(Process process, int port)
    {
        using var deadline = new CancellationTokenSource(_deadline);
        while (true)
        {
            Assert.False(process.HasExited, "The sample ended by itself.");
            try
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), deadline.Token);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(50, deadline.Token);
            }
        }
    }

    private static bool IsInstalled(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator).Any(f => File.Exists(Path.Combine(f, program)));

    private static string Folder()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Grains.sln")))
            {
                return Path.Combine(folder, "src", "Grains.Samples.Greeter", "push");
            }
        }

        throw new DirectoryNotFoundException($"No Grains.sln above {AppContext.BaseDirectory}.");
    }
}
