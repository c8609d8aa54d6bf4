using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Grains.Silo.Cluster;
using Grains.Silo.Members;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Grains.Silo.Tests.Members;

/// <summary>Servers without TLS, and those who would like to be taken for one.</summary>
public sealed class MemberHandshakeTests
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);
    private static readonly IPEndPoint _place = new(IPAddress.Loopback, 11_111);
    private static readonly MemberSecret _ours = MemberSecret.Of(new string('a', 72));
    private static readonly MemberSecret _theirs = MemberSecret.Of(new string('b', 72));

    private readonly Pipe _toAcceptor = new();
    private readonly Pipe _toConnector = new();

    private IDuplexPipe Acceptor => new Ends(_toAcceptor.Reader, _toConnector.Writer);

    private IDuplexPipe Connector => new Ends(_toConnector.Reader, _toAcceptor.Writer);

    [Fact]
    public async Task Two_that_know_the_secret_read_what_the_other_wrote_behind_it()
    {
        Task accepts = AcceptAsync(_ours, _place);
        await ConnectAsync(_ours, _place);
        await accepts;
        await Connector.Output.WriteAsync(new byte[] { 1, 2, 3 });
        await Acceptor.Output.WriteAsync(new byte[] { 4, 5 });
        Assert.Equal([1, 2, 3], (await Acceptor.Input.ReadAtLeastAsync(3)).Buffer.ToArray());
        Assert.Equal([4, 5], (await Connector.Input.ReadAtLeastAsync(2)).Buffer.ToArray());
    }

    [Fact]
    public async Task Who_knows_another_secret_is_refused_by_both()
    {
        Task accepts = AcceptAsync(_ours, _place);
        Assert.Contains(
            "does not know the secret", await RefusalAsync(ConnectAsync(_theirs, _place)), StringComparison.Ordinal);
        await _toAcceptor.Writer.CompleteAsync();
        Assert.Contains("before it proved anything", await RefusalAsync(accepts), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1", 11_112)]
    [InlineData("127.0.0.2", 11_111)]
    public async Task A_proof_is_worth_nothing_at_another_address(string address, int port)
    {
        // Somebody in between has taken the address of one server, and hands everything on to another.
        Task accepts = AcceptAsync(_ours, _place);
        await RefusalAsync(ConnectAsync(_ours, new IPEndPoint(IPAddress.Parse(address), port)));
        await _toAcceptor.Writer.CompleteAsync();
        await RefusalAsync(accepts);
    }

    [Fact]
    public async Task An_address_is_the_same_in_both_of_its_forms()
    {
        Task accepts = AcceptAsync(_ours, new IPEndPoint(_place.Address.MapToIPv6(), _place.Port));
        await ConnectAsync(_ours, _place);
        await accepts;
    }

    [Fact]
    public async Task What_was_heard_once_opens_nothing_again()
    {
        var heard = new MemberHandshakeTests();
        Task accepted = heard.AcceptAsync(_ours, _place);
        byte[] said = await heard.ConnectListenedAsync();
        await accepted;

        Task accepts = AcceptAsync(_ours, _place);
        await Connector.Output.WriteAsync(said);
        Assert.Contains("does not know the secret", await RefusalAsync(accepts), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_only_gives_back_what_it_is_given_proves_nothing()
    {
        // To one that connects: it hears its own greeting and, as a proof, its own nonce.
        Task connects = ConnectAsync(_ours, _place);
        byte[] hello = await TakeAsync(Acceptor.Input, 40);
        await Acceptor.Output.WriteAsync((byte[])[.. hello, .. hello[8..]]);
        await RefusalAsync(connects);

        // To one that accepts: its own proof.
        var other = new MemberHandshakeTests();
        Task accepts = other.AcceptAsync(_ours, _place);
        await other.Connector.Output.WriteAsync(hello);
        byte[] answer = await TakeAsync(other.Connector.Input, 72);
        await other.Connector.Output.WriteAsync(answer.AsMemory(40));
        await RefusalAsync(accepts);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: x\r\n\r\n")]
    [InlineData("\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003 a hello of TLS, as long as it needs to be")]
    [InlineData("\u0040\0\0\0\u0010\0\0\0 what silos without a secret begin with")]
    public async Task Who_begins_otherwise_is_refused(string bytes)
    {
        Task accepts = AcceptAsync(_ours, _place);
        await Connector.Output.WriteAsync(System.Text.Encoding.Latin1.GetBytes(bytes));
        Assert.Contains("does not begin as a server", await RefusalAsync(accepts), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(40)]
    public async Task Who_stops_on_the_way_is_let_go_after_four_seconds(int bytes)
    {
        var time = new FakeTimeProvider();
        Task accepts = new InboundMembers(_ours, time, NullLogger<InboundMembers>.Instance)
            .OnConnectionAsync(Context(Acceptor), _ => throw new InvalidOperationException("It is let in."));
        byte[] hello = [.. "GRAINS\x01\n"u8, .. new byte[32]];
        await Connector.Output.WriteAsync(hello.AsMemory(0, bytes));
        if (bytes == 40)
        {
            await TakeAsync(Connector.Input, 72);
        }

        time.Advance(TimeSpan.FromSeconds(3.9));
        Assert.False(accepts.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Contains("no proof within 4 s", await RefusalAsync(accepts), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("too short to be one")]
    public void A_secret_that_can_be_guessed_is_refused(string secret) =>
        Assert.Contains(
            "member_secret", Assert.Throws<ClusterSettingsException>(() => MemberSecret.Of(secret)).Message,
            StringComparison.Ordinal);

    private Task AcceptAsync(MemberSecret secret, EndPoint at) =>
        MemberHandshake.AcceptAsync(Acceptor, secret, at, CancellationToken.None);

    private Task ConnectAsync(MemberSecret secret, EndPoint at) =>
        MemberHandshake.ConnectAsync(Connector, secret, at, CancellationToken.None);

    /// <summary>Everything that the end that connects says in a handshake that comes to its end.</summary>
    private async Task<byte[]> ConnectListenedAsync()
    {
        var said = new Pipe();
        Task connects = MemberHandshake.ConnectAsync(
            new Ends(_toConnector.Reader, said.Writer), _ours, _place, CancellationToken.None);
        byte[] hello = await TakeAsync(said.Reader, 40);
        await _toAcceptor.Writer.WriteAsync(hello);
        byte[] proof = await TakeAsync(said.Reader, 32);
        await _toAcceptor.Writer.WriteAsync(proof);
        await connects;
        return [.. hello, .. proof];
    }

    private static async Task<byte[]> TakeAsync(PipeReader from, int bytes)
    {
        ReadResult read = await from.ReadAtLeastAsync(bytes);
        byte[] taken = read.Buffer.ToArray();
        from.AdvanceTo(read.Buffer.End);
        return taken;
    }

    private static DefaultConnectionContext Context(IDuplexPipe pipe) => new("test", pipe, pipe)
    {
        LocalEndPoint = _place,
        RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, 40_000),
    };

    private static async Task<string> RefusalAsync(Task handshake) =>
        (await Assert.ThrowsAsync<ConnectionAbortedException>(() => handshake.WaitAsync(_deadline))).Message;

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
