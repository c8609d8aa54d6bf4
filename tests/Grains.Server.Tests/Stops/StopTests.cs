using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Grains.Server.Tests.Backups;

namespace Grains.Server.Tests.Stops;

/// <summary>
/// What others leave open when a server is asked to end: it ends at once, its partitions in good order.
/// </summary>
public sealed class StopTests : IDisposable
{
    /// <summary>
    /// Half of the time that a host gives everything together; a stop that waits for a client takes all of it.
    /// </summary>
    private static readonly TimeSpan _stopMax = TimeSpan.FromSeconds(10);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>All at once: one that held up the stop would do it beside the others too.</summary>
    [Fact]
    public async Task A_server_ends_in_good_order_whatever_clients_leave_open()
    {
        string[] sent =
        [
            "GET /v1/serv",
            "POST /v1/services/s/receive HTTP/1.1\r\nHost: localhost\r\nContent-",
            "PUT /v1/keyspaces/k/keys/h HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\nhalf",
            "PUT /v1/keyspaces/k/keys/h HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nhalf",

            // A receive that is parked.
            "POST /v1/services/s/receive HTTP/1.1\r\nHost: localhost\r\nContent-Length: 14\r\n"
            + "Content-Type: application/json\r\n\r\n{\"wait\":\"60s\"}",

            // Answers and a backup that nobody reads.
            string.Concat(Enumerable.Repeat("GET /v1/keyspaces/k/keys/large HTTP/1.1\r\nHost: localhost\r\n\r\n", 200)),
            "GET /v1/backup HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ];
        await using ServerProgram server = await ServerProgram.ServeAsync(
            null, "--data", _folder["data"], "--partitions", "4");
        await PutAsync(server, "v1/keyspaces/k", """{"layout":"spread"}""");
        await PutAsync(server, "v1/services/s", "{}");
        await PutAsync(server, "v1/keyspaces/k/keys/large", new string('x', 900_000));
        Socket[] clients =
        [
            .. sent.Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 })
        ];
        foreach ((Socket client, string text) in clients.Zip(sent))
        {
            await client.ConnectAsync("127.0.0.1", server.Http.BaseAddress!.Port);
            await client.SendAsync(Encoding.ASCII.GetBytes(text));
        }

        // Answered on another connection, so that what was sent before has been read.
        await PutAsync(server, "v1/keyspaces/k/keys/after", "v");
        Stopwatch took = Stopwatch.StartNew();
        await server.StopAsync();

        Assert.True(took.Elapsed < _stopMax, $"{took.Elapsed}\n{server.Said}");
        Assert.DoesNotContain("fail:", server.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("crit:", server.Said, StringComparison.Ordinal);
        Array.ForEach(clients, c => c.Dispose());
    }

    private static async Task PutAsync(ServerProgram server, string path, string body)
    {
        using HttpRequestMessage request = new(HttpMethod.Put, path)
        {
            Content = new StringContent(
                body, Encoding.UTF8,
                path.Contains("/keys/", StringComparison.Ordinal) ? "text/plain" : "application/json"),
        };
        using HttpResponseMessage answer = await server.Http.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }
}
