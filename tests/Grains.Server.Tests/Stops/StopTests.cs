using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Grains.Server.Tests.Backups;

namespace Grains.Server.Tests.Stops;

/// <summary>What others leave open when a server is asked to end: it ends at once, its partitions in good order.</summary>
public sealed class StopTests : IDisposable
{
    /// <summary>Half of the time that a host gives everything together; a stop that waits for a client takes all of it.</summary>
    private static readonly TimeSpan _stopMax = TimeSpan.FromSeconds(10);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("half a line", "GET /v1/serv")]
    [InlineData("half a head", "POST /v1/services/s/receive HTTP/1.1\r\nHost: localhost\r\nContent-")]
    [InlineData("half a length", "PUT /v1/keyspaces/k/keys/h HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\nhalf")]
    [InlineData("half a chunk", "PUT /v1/keyspaces/k/keys/h HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nhalf")]
    [InlineData("a parked receive", "POST /v1/services/s/receive HTTP/1.1\r\nHost: localhost\r\nContent-Length: 14\r\n"
        + "Content-Type: application/json\r\n\r\n{\"wait\":\"60s\"}")]
    [InlineData("unread answers", "GET /v1/keyspaces/k/keys/large HTTP/1.1\r\nHost: localhost\r\n\r\n", 200)]
    [InlineData("an unread backup", "GET /v1/backup HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    public async Task A_server_ends_in_good_order_whatever_a_client_leaves_open(string what, string sent, int times = 1)
    {
        await using ServerProgram server = await ServerProgram.ServeAsync(null, "--data", _folder["data"], "--partitions", "4");
        await PutAsync(server, "v1/keyspaces/k", """{"layout":"spread"}""");
        await PutAsync(server, "v1/services/s", "{}");
        await PutAsync(server, "v1/keyspaces/k/keys/large", new string('x', 900_000));
        using Socket client = new(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await client.ConnectAsync("127.0.0.1", server.Http.BaseAddress!.Port);
        await client.SendAsync(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(sent, times))));

        // Answered on another connection, so that what was sent before has been read.
        await PutAsync(server, "v1/keyspaces/k/keys/after", "v");
        Stopwatch took = Stopwatch.StartNew();
        await server.StopAsync();

        Assert.True(took.Elapsed < _stopMax, $"{what}: {took.Elapsed}\n{server.Said}");
        Assert.DoesNotContain("fail:", server.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("crit:", server.Said, StringComparison.Ordinal);
    }

    private static async Task PutAsync(ServerProgram server, string path, string body)
    {
        using HttpRequestMessage request = new(HttpMethod.Put, path)
        {
            Content = new StringContent(body, Encoding.UTF8, path.Contains("/keys/", StringComparison.Ordinal) ? "text/plain" : "application/json"),
        };
        using HttpResponseMessage answer = await server.Http.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }
}
