using System.Diagnostics;
using System.Net;
using System.Text;
using Grains.Server.Tests.Backups;

namespace Grains.Server.Tests.Folders;

public sealed class FullDiskTests : IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);
    private readonly TempFolder _folder = new();

    public void Dispose()
    {
        _ = Run("umount", _folder["disk"]);
        _folder.Dispose();
    }

    [SmallDiskTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_server_starts_on_a_full_disk_reads_refuses_writes_and_goes_on_when_there_is_room(bool isKilled)
    {
        Directory.CreateDirectory(_folder["disk"]);
        Assert.Equal(0, Run("mount", "-t", "tmpfs", "-o", "size=24m", "grains-test", _folder["disk"]));
        string data = Path.Combine(_folder["disk"], "data");
        await using (ServerProgram before = await ServerProgram.ServeAsync(null, "--data", data, "--partitions", "4"))
        {
            (await PutAsync(before, "v1/keyspaces/k", """{"layout":"spread"}""")).Dispose();
            using HttpResponseMessage put = await PutAsync(before, "v1/keyspaces/k/keys/a", "before");
            Assert.Equal(HttpStatusCode.Created, put.StatusCode);
            if (!isKilled)
            {
                await before.StopAsync();
            }
        }

        string ballast = Path.Combine(_folder["disk"], "ballast");
        Fill(ballast);
        await using ServerProgram server = await ServerProgram.ServeAsync(null, "--data", data);
        Assert.Equal("before", await server.Http.GetStringAsync("v1/keyspaces/k/keys/a"));
        using (HttpResponseMessage refused = await PutAsync(server, "v1/keyspaces/k/keys/a", "full"))
        {
            Assert.False(refused.IsSuccessStatusCode);
            Assert.Contains("full", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.Equal("before", await server.Http.GetStringAsync("v1/keyspaces/k/keys/a"));
        File.Delete(ballast);
        using CancellationTokenSource deadline = new(_deadline);
        while (true)
        {
            using HttpResponseMessage put = await PutAsync(server, "v1/keyspaces/k/keys/a", "after");
            if (put.IsSuccessStatusCode)
            {
                break;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), deadline.Token);
        }

        Assert.Equal("after", await server.Http.GetStringAsync("v1/keyspaces/k/keys/a"));
        await server.StopAsync();
    }

    private static void Fill(string path)
    {
        using FileStream file = File.Create(path, bufferSize: 1);
        foreach (int bytes in (int[])[1 << 20, 1 << 12])
        {
            try
            {
                while (true)
                {
                    file.Write(new byte[bytes]);
                    file.Flush();
                }
            }
            catch (IOException)
            {
                // No room for another one of this size: that is what was wanted.
            }
        }
    }

    internal static int Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }

    private static Task<HttpResponseMessage> PutAsync(ServerProgram server, string path, string body) =>
        server.Http.PutAsync(
        new Uri(path, UriKind.Relative),
        new StringContent(
            body, Encoding.UTF8,
            path.Contains("/keys/", StringComparison.Ordinal) ? "text/plain" : "application/json"));
}

/// <summary>Skipped where no small disk can be mounted.</summary>
internal sealed class SmallDiskTheoryAttribute : TheoryAttribute
{
    public SmallDiskTheoryAttribute()
    {
        if (!_isMountable.Value)
        {
            Skip = "Mounting a small disk needs root on Linux, and the right to mount.";
        }
    }

    private static readonly Lazy<bool> _isMountable = new(() =>
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            return false;
        }

        string probe = Directory.CreateTempSubdirectory("grains-probe-").FullName;
        bool isMounted = FullDiskTests.Run("mount", "-t", "tmpfs", "-o", "size=1m", "grains-probe", probe) == 0
            && FullDiskTests.Run("umount", probe) == 0;
        Directory.Delete(probe);
        return isMounted;
    });
}
