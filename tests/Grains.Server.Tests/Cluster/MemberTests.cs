using System.Net;
using System.Net.Sockets;

namespace Grains.Server.Tests.Cluster;

/// <summary>A cluster on loopback without TLS: its servers know each other by the secret in their tables.</summary>
public sealed class MemberTests(StartFixture fixture) : IClassFixture<StartFixture>
{
    private const string _schema = "members";
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Servers_of_one_database_find_each_other_and_whoever_else_connects_is_let_go()
    {
        int port = FreePort.Find();
        await using RunningServer a = Start("a", port);
        await using RunningServer b = Start("b", FreePort.Find());
        await a.ReadyAsync();
        await b.ReadyAsync();
        using (HttpResponseMessage put = await a.PutAsync("/v1/keyspaces/k", """{"layout": "spread"}""", "application/json"))
        {
            Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        }

        // Of every partition, so over the wire too: both have a share.
        for (int i = 0; i < 20; i++)
        {
            using HttpResponseMessage put = await b.PutAsync($"/v1/keyspaces/k/keys/{i}", "v");
            Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        }

        Assert.Equal(0, await AnswerBytesAsync(port, []));
        Assert.Equal(0, await AnswerBytesAsync(port, [0x40, 0, 0, 0, 0x10, 0, 0, 0, .. new byte[80]]));
        await a.SaysAsync("No connection with 127.0.0.1:");
        using HttpResponseMessage metrics = await a.GetAsync("/metrics");
        Assert.Contains("grains_members_refused", await metrics.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>Until the server lets go.</summary>
    private static async Task<int> AnswerBytesAsync(int port, byte[] said)
    {
        using var deadline = new CancellationTokenSource(_deadline);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), deadline.Token);
        await socket.SendAsync(said, deadline.Token);
        int heard = 0;
        var buffer = new byte[1_000];
        try
        {
            while (await socket.ReceiveAsync(buffer, deadline.Token) is > 0 and var read)
            {
                heard += read;
            }
        }
        catch (SocketException)
        {
            // A reset is an end as well.
        }

        return heard;
    }

    private RunningServer Start(string name, int port) => RunningServer.Start(
        ["--name", name, "--silo", $"127.0.0.1:{port}", "--partitions", "8", "--schema", _schema, "--dashboard", "false"],
        new Dictionary<string, string> { ["GRAINS_POSTGRES"] = fixture.Postgres.ConnectionString });
}
