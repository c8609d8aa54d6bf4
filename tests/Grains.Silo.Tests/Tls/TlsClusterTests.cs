using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Grains.Silo.Tls;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Placement;

namespace Grains.Silo.Tests.Tls;

public sealed class TlsClusterTests
{
    private const int _grains = 20;
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Roots_and_certificates_are_replaced_under_traffic_without_a_failed_call_and_the_old_ones_count_no_more()
    {
        using var first = new TestAuthority("first");
        using var second = new TestAuthority("second");
        using var folderA = new TlsFolder(first.Pem, first.Issue());
        using var folderB = new TlsFolder(first.Pem, first.Issue());
        using var folderC = new TlsFolder(second.Pem, second.Issue());
        int primary = FreePort();
        using IHost a = await StartAsync(folderA, primary, primary);
        using IHost b = await StartAsync(folderB, FreePort(), primary);
        using var stop = new CancellationTokenSource();
        Task<int>[] traffic = [TrafficAsync(a, stop.Token), TrafficAsync(b, stop.Token)];

        folderA.WriteAuthorities(first.Pem + "\n" + second.Pem);
        folderB.WriteAuthorities(first.Pem + "\n" + second.Pem);
        await TakenAsync(folderA, a);
        await TakenAsync(folderB, b);
        folderA.Write(first.Pem + "\n" + second.Pem, second.Issue());
        folderB.Write(first.Pem + "\n" + second.Pem, second.Issue());
        await TakenAsync(folderA, a);
        await TakenAsync(folderB, b);
        folderA.WriteAuthorities(second.Pem);
        folderB.WriteAuthorities(second.Pem);
        await TakenAsync(folderA, a);
        await TakenAsync(folderB, b);

        // A third server knows the new root only: its connections are new ones, both ways.
        using IHost c = await StartAsync(folderC, FreePort(), primary);
        string[] servers = [];
        await UntilAsync(
            async () => (servers = await CallAllAsync(c)).Distinct().Count() == 3, "grains on three servers");
        await UntilAsync(async () => (servers = await CallAllAsync(a)).Distinct().Count() == 3, "calls back");
        await stop.CancelAsync();
        Assert.All(await Task.WhenAll(traffic), calls => Assert.True(calls > _grains));

        await AssertRefusedAsync(primary, first.Issue());
        await AssertRefusedAsync(primary, null);
        await Task.WhenAll(c.StopAsync(), b.StopAsync());
        await a.StopAsync();
    }

    private static async Task<IHost> StartAsync(TlsFolder folder, int port, int primary)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder(
            new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.None);
        TlsCertificates certificates = TlsCertificates.Open(folder.Options);
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(
                port, gatewayPort: 0, new IPEndPoint(IPAddress.Loopback, primary), "test", "test");
            silo.UseMutualTls(certificates);
        });
        IHost host = builder.Build();
        await host.StartAsync().WaitAsync(_deadline);
        return host;
    }

    private static async Task<int> TrafficAsync(IHost host, CancellationToken stop)
    {
        int calls = 0;
        while (!stop.IsCancellationRequested)
        {
            calls += (await CallAllAsync(host)).Length;
        }

        return calls;
    }

    /// <summary>Where each grain is. A key of its own each time: connections are used, not only known places.</summary>
    private static Task<string[]> CallAllAsync(IHost host) =>
        Task.WhenAll(Enumerable.Range(0, _grains).Select(
            i => host.Services.GetRequiredService<IGrainFactory>().GetGrain<IWhereGrain>(Guid.NewGuid())
                .Where(new byte[40_000])));

    private static Task TakenAsync(TlsFolder folder, IHost host) => UntilAsync(
        () =>
            Task.FromResult(
                TlsIdentity.DigestOf(folder.Options) == host.Services.GetRequiredService<TlsCertificates>().Current.Digest),
        "the new files to be in use");

    private static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        using var deadline = new CancellationTokenSource(_deadline);
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!await condition())
        {
            Assert.False(deadline.IsCancellationRequested, $"Waited {_deadline} for {what}.");
            await look.WaitForNextTickAsync();
        }
    }

    /// <summary>A silo waits for the first words of whom it trusts, and hangs up on anybody else.</summary>
    private static async Task AssertRefusedAsync(int port, Issued? shown)
    {
        using var deadline = new CancellationTokenSource(_deadline);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, port, deadline.Token);
        await using var secure = new SslStream(tcp.GetStream(), false, (_, _, _, _) => true);
        var options = new SslClientAuthenticationOptions { TargetHost = "test" };
        if (shown is not null)
        {
            options.ClientCertificates = [X509Certificate2.CreateFromPem(shown.Certificate, shown.Key)];
        }

        try
        {
            await secure.AuthenticateAsClientAsync(options, deadline.Token);
            Assert.Equal(0, await secure.ReadAsync(new byte[64], deadline.Token));
        }
        catch (IOException)
        {
            // Told by an alert, or by a closed connection.
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}

[Alias("grains.test.where")]
public interface IWhereGrain : IGrainWithGuidKey
{
    [Alias("where")]
    Task<string> Where(byte[] load);
}

[RandomPlacement]
internal sealed class WhereGrain(ILocalSiloDetails silo) : Grain, IWhereGrain
{
    public Task<string> Where(byte[] load) => Task.FromResult(silo.SiloAddress.ToString());
}
