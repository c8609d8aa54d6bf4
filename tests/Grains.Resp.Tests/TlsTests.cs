using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Grains.Resp.Tests.World;
using Grains.Silo.Tests.Tls;
using Grains.Silo.Tls;
using StackExchange.Redis;

namespace Grains.Resp.Tests;

public sealed class TlsTests : IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(20);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("grains-resp-tls-");
    private readonly TestAuthority _root = new();

    public void Dispose()
    {
        _root.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_client_library_reads_and_writes_under_TLS()
    {
        await using RespServer server = await StartAsync(Files("one"));
        var options = new ConfigurationOptions
        {
            EndPoints = { server.Address }, Ssl = true, SslHost = "one", AbortOnConnectFail = true,
        };
        options.CertificateValidation += (_, shown, _, _) => Issuer(shown) == "CN=root";
        await using ConnectionMultiplexer client = await ConnectionMultiplexer.ConnectAsync(options);
        IDatabase db = client.GetDatabase();
        string large = new('x', 1 << 19);
        Assert.True(await db.StringSetAsync("large", large));
        Assert.Equal(large, await db.StringGetAsync("large"));
        long[] counts = await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => db.StringIncrementAsync("n")));
        Assert.Equal(Enumerable.Range(1, 500).Select(i => (long)i), counts.Order());
    }

    [Fact]
    public async Task Who_speaks_no_TLS_is_not_understood_and_the_others_go_on()
    {
        await using RespServer server = await StartAsync(Files("one"));
        using SslStream secure = await ConnectAsync(server, "one");
        using RespClient plain = await server.ConnectAsync();
        await plain.SendAsync(RespClient.Command("PING"));
        await plain.ExpectEndAsync();
        await secure.WriteAsync(Encoding.ASCII.GetBytes(RespClient.Command("PING") + RespClient.Command("QUIT")));
        using var reader = new StreamReader(secure);
        using var deadline = new CancellationTokenSource(_deadline);
        Assert.Equal("+PONG\r\n+OK\r\n", await reader.ReadToEndAsync(deadline.Token));
    }

    /// <summary>The server ends the connection while it waits for the next command.</summary>
    [Fact]
    public async Task The_last_reply_arrives_and_then_the_end_and_no_reset()
    {
        await using RespServer server = await StartAsync(Files("one"));
        using var deadline = new CancellationTokenSource(_deadline);
        for (int i = 0; i < 50; i++)
        {
            using SslStream secure = await ConnectAsync(server, "one");
            await secure.WriteAsync(Encoding.ASCII.GetBytes(RespClient.Command("QUIT")));
            using var reader = new StreamReader(secure);
            Assert.Equal("+OK\r\n", await reader.ReadToEndAsync(deadline.Token));
        }
    }

    [Fact]
    public async Task A_new_certificate_is_shown_to_new_connections_and_open_ones_stay()
    {
        CertificateFiles files = Files("one");
        using var certificate = DoorCertificate.Open(files, "test.resp.expiry");
        await using RespServer server = await RespServer.StartAsync(
            more: services => services.AddDoorCertificate(certificate));
        using SslStream before = await ConnectAsync(server, "one");
        Files("two");
        Assert.True(certificate.Reload());
        Assert.False(certificate.Reload());
        using SslStream after = await ConnectAsync(server, "two");
        await Assert.ThrowsAsync<AuthenticationException>(() => ConnectAsync(server, "one"));
        await before.WriteAsync(Encoding.ASCII.GetBytes(RespClient.Command("PING")));
        byte[] pong = new byte[7];
        await before.ReadExactlyAsync(pong);
        Assert.Equal("+PONG\r\n", Encoding.ASCII.GetString(pong));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no pem")]
    public void Files_that_are_none_are_refused_by_name(string certificate)
    {
        CertificateFiles files = Files("one");
        File.WriteAllText(files.Certificate, certificate);
        TlsFileException refused = Assert.Throws<TlsFileException>(() => DoorCertificate.Open(files, "test.resp.expiry"));
        Assert.Contains(files.Certificate, refused.Message, StringComparison.Ordinal);
    }

    private static Task<RespServer> StartAsync(CertificateFiles files) => RespServer.StartAsync(
        more: services => services.AddDoorCertificate(DoorCertificate.Open(files, "test.resp.expiry")));

    private static string? Issuer(X509Certificate? certificate) => certificate?.Issuer;

    /// <summary>The server must be of this name.</summary>
    private async Task<SslStream> ConnectAsync(RespServer server, string name)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server.Address);
        var secure = new SslStream(new NetworkStream(socket, ownsSocket: true));
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.ImportFromPem(_root.Pem);
        await secure.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = name, CertificateChainPolicy = policy });
        return secure;
    }

    /// <summary>Written over what was there.</summary>
    private CertificateFiles Files(string name)
    {
        Issued issued = _root.Issue(name, IPAddress.Loopback);
        var files = new CertificateFiles(
            Path.Combine(_folder.FullName, "cert.pem"), Path.Combine(_folder.FullName, "key.pem"));
        File.WriteAllText(files.Certificate, issued.Certificate);
        File.WriteAllText(files.Key, issued.Key);
        return files;
    }
}
