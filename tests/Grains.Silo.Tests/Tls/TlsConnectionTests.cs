using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grains.Silo.Tls;
using Microsoft.AspNetCore.Connections;

namespace Grains.Silo.Tests.Tls;

public sealed class TlsConnectionTests
{
    /// <summary>
    /// What the chain says of a certificate that is for something else, and what the rule beside it says.
    /// </summary>
    private const string _wrongUse = "NotValidForUsage|its extended key usage does not name";

    private static readonly IPAddress _elsewhere = IPAddress.Parse("10.1.2.3");

    [Fact]
    public async Task Two_servers_of_one_root_read_what_the_other_wrote()
    {
        using var root = new TestAuthority();
        byte[] sent = RandomNumberGenerator.GetBytes(3_000_000);
        Assert.Equal(sent, await TalkAsync(Open(root, root.Issue()), Open(root, root.Issue()), sent));
    }

    [Fact]
    public async Task What_lies_between_a_root_and_a_server_is_sent_along()
    {
        using var root = new TestAuthority();
        using TestAuthority between = root.Between();
        Issued issued = between.Issue();
        TlsCertificates indirect = Open(root, issued with { Certificate = issued.Certificate + "\n" + between.Pem });
        TlsCertificates direct = Open(root, root.Issue());
        Assert.NotNull(await TalkAsync(indirect, direct));
        Assert.NotNull(await TalkAsync(direct, indirect));
    }

    [Fact]
    public async Task A_certificate_of_another_root_is_refused_by_both_ends()
    {
        using var root = new TestAuthority();
        using var other = new TestAuthority();
        TlsCertificates ours = Open(root, root.Issue());
        Assert.Null(await TalkAsync(ours, Stranger(other, root)));
        Assert.Null(await TalkAsync(Stranger(other, root), ours));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_certificate_that_ran_out_is_refused(bool accepting)
    {
        using var root = new TestAuthority();
        TlsCertificates ours = Open(root, root.Issue());
        using TlsFolder folder = new(root.Pem, root.Issue(lasts: TimeSpan.FromSeconds(4)));
        TlsCertificates expired = TlsCertificates.Open(folder.Options);
        Assert.NotNull(await TalkAsync(ours, expired));
        TimeSpan left = expired.Current.Certificate.NotAfter - DateTime.Now + TimeSpan.FromMilliseconds(100);
        await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        Assert.Null(accepting ? await TalkAsync(expired, ours) : await TalkAsync(ours, expired));
    }

    [Fact]
    public async Task The_name_of_the_cluster_or_the_address_that_is_spoken_with_is_asked_for()
    {
        using var root = new TestAuthority();
        TlsCertificates byName = Open(root, root.Issue("test"));
        TlsCertificates byAddress = Open(root, root.Issue(null, IPAddress.Loopback));
        Assert.NotNull(await TalkAsync(byAddress, byName));
        Assert.NotNull(await TalkAsync(byName, byAddress));
        await using (var moved = new TlsPair { AcceptingAddress = _elsewhere })
        {
            Assert.Null(await moved.TalkAsync(byAddress, byName, [1]));
        }

        await using (var moved = new TlsPair { ConnectingAddress = _elsewhere })
        {
            Assert.Null(await moved.TalkAsync(byName, byAddress, [1]));
        }

        await using (var moved = new TlsPair { AcceptingAddress = _elsewhere, ConnectingAddress = _elsewhere })
        {
            Assert.NotNull(await moved.TalkAsync(byName, byName, [1]));
        }
    }

    [Fact]
    public async Task An_address_is_the_same_in_both_of_its_forms()
    {
        using var root = new TestAuthority();
        TlsCertificates byAddress = Open(root, root.Issue(null, IPAddress.Loopback));
        await using var mapped = new TlsPair
        {
            AcceptingAddress = IPAddress.Loopback.MapToIPv6(),
            ConnectingAddress = IPAddress.Loopback.MapToIPv6(),
        };
        Assert.NotNull(await mapped.TalkAsync(byAddress, byAddress, [1]));
    }

    [Fact]
    public async Task Who_shows_no_certificate_is_refused()
    {
        using var root = new TestAuthority();
        await using var pair = new TlsPair();
        Task accepts = pair.AcceptAsync(Open(root, root.Issue()));
        await using var nobody = new SslStream(pair.Raw, false, (_, _, _, _) => true);
        await IgnoreAsync(nobody.AuthenticateAsClientAsync("test"));
        var refusal = await Assert.ThrowsAsync<ConnectionAbortedException>(() => accepts);
        Assert.Contains("no certificate", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, false, false)]
    [InlineData(false, false, false)]
    [InlineData(false, false, true)]
    [InlineData(true, false, true)]
    public async Task Whose_certificate_does_not_say_that_it_may_connect_is_refused_when_it_does(
        bool accepts, bool connects, bool any)
    {
        using var root = new TestAuthority();
        Issued issued = root.Issue(accepts: accepts, connects: connects, any: any);
        await using var pair = new TlsPair();
        Task accepting = pair.AcceptAsync(Open(root, root.Issue()));
        await using var half = new SslStream(pair.Raw, false, (_, _, _, _) => true);
        await IgnoreAsync(half.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "test",
            ClientCertificates = [X509Certificate2.CreateFromPem(issued.Certificate, issued.Key)],
        }));
        Assert.Matches(_wrongUse, (await Assert.ThrowsAsync<ConnectionAbortedException>(() => accepting)).Message);
    }

    [Theory]
    [InlineData(false, true, false)]
    [InlineData(false, false, false)]
    [InlineData(false, false, true)]
    public async Task Whose_certificate_does_not_say_that_it_may_accept_is_refused_when_it_does(
        bool accepts, bool connects, bool any)
    {
        using var root = new TestAuthority();
        Issued issued = root.Issue(accepts: accepts, connects: connects, any: any);
        await using var pair = new TlsPair();
        Task<byte[]> connecting = pair.ConnectAsync(Open(root, root.Issue()), [1]);
        await using var half = new SslStream(pair.RawAccepting, false, (_, _, _, _) => true);
        await IgnoreAsync(half.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificate = X509Certificate2.CreateFromPem(issued.Certificate, issued.Key),
        }));
        Assert.Matches(_wrongUse, (await Assert.ThrowsAsync<ConnectionAbortedException>(() => connecting)).Message);
    }

    [Fact]
    public async Task Who_speaks_without_TLS_is_refused()
    {
        using var root = new TestAuthority();
        await using var pair = new TlsPair();
        Task accepts = pair.AcceptAsync(Open(root, root.Issue()));
        await pair.Raw.WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());
        await Assert.ThrowsAsync<ConnectionAbortedException>(() => accepts);
    }

    [Fact]
    public async Task Who_says_nothing_is_let_go_at_the_deadline()
    {
        using var root = new TestAuthority();
        await using var pair = new TlsPair();
        var refusal = await Assert.ThrowsAsync<ConnectionAbortedException>(
            () => pair.AcceptAsync(Open(root, root.Issue())));
        Assert.Contains("no handshake within", refusal.Message, StringComparison.Ordinal);
    }

    private static Task<byte[]?> TalkAsync(TlsCertificates accepting, TlsCertificates connecting) =>
        TalkAsync(accepting, connecting, [1, 2, 3]);

    private static async Task<byte[]?> TalkAsync(TlsCertificates accepting, TlsCertificates connecting, byte[] sent)
    {
        await using var pair = new TlsPair();
        return await pair.TalkAsync(accepting, connecting, sent);
    }

    private static TlsCertificates Open(TestAuthority root, Issued issued)
    {
        using var folder = new TlsFolder(root.Pem, issued);
        return TlsCertificates.Open(folder.Options);
    }

    /// <summary>Trusts both roots itself, so that only the other end can refuse.</summary>
    private static TlsCertificates Stranger(TestAuthority own, TestAuthority trusted)
    {
        using var folder = new TlsFolder(own.Pem + "\n" + trusted.Pem, own.Issue());
        return TlsCertificates.Open(folder.Options);
    }

    /// <summary>In TLS 1.3 the end that connects may be done before it is refused.</summary>
    private static async Task IgnoreAsync(Task handshake) =>
        await handshake.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
