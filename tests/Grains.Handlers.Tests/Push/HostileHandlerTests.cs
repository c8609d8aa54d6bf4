using System.IO.Compression;
using System.Net.Sockets;
using System.Text;
using Grains.Handlers.Tests.World;

namespace Grains.Handlers.Tests.Push;

/// <summary>Handlers that answer badly: the reason is kept, and another service is not held up by it.</summary>
public sealed class HostileHandlerTests : IClassFixture<HostileHandlerTests.Server>
{
    private const string _json = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

    private static readonly Dictionary<string, Func<Socket, CancellationToken, Task>> _answers = new()
    {
        ["silent"] = (_, cancel) => Task.Delay(Timeout.Infinite, cancel),
        ["endless headers"] = (to, cancel) =>
            ForEverAsync(to, "HTTP/1.1 200 OK\r\n", "X-More: and more and more and more\r\n", cancel),
        ["endless body"] = (to, cancel) =>
            ForEverAsync(to, _json + "Transfer-Encoding: chunked\r\n\r\n", "4\r\n    \r\n", cancel),
        ["slow body"] = async (to, cancel) =>
        {
            await RawEndpoint.WriteAsync(to, _json + "Content-Length: 1000\r\n\r\n", cancel);
            while (true)
            {
                await RawEndpoint.WriteAsync(to, " ", cancel);
                await Task.Delay(100, cancel);
            }
        },
        ["huge length"] = Once(_json + "Content-Length: 9000000000\r\n\r\n{}"),
        ["garbage"] = Once("SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        ["garbage body"] = Once(_json + "Content-Length: 9\r\n\r\n{\"state\":"),
        ["unknown member"] = Once(_json + "Content-Length: 11\r\n\r\n{\"stat\": 1}"),
        ["huge member"] = Content($"{{\"{new string('x', 1 << 20)}\": 1}}"),
        ["html"] = Once("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<hr>"),
        ["bomb"] = async (to, cancel) =>
        {
            byte[] bomb = Bomb();
            await RawEndpoint.WriteAsync(
                to, $"{_json}Content-Encoding: gzip\r\nContent-Length: {bomb.Length}\r\n\r\n", cancel);
            await to.SendAsync(bomb, cancel);
        },
        ["redirect"] = Once("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
        ["reset"] = (to, _) =>
        {
            to.LingerState = new LingerOption(true, 0);
            to.Close();
            return Task.CompletedTask;
        },
        ["cut short"] = Once(_json + "Content-Length: 100\r\n\r\n{"),
        ["not held"] = Content("""{"ack": ["mAAAAAAAAAAAAAAAAAA"]}"""),
        ["another's"] = Content("""{"ack": ["x"]}"""),
        ["a million sends"] = Content($"{{\"sends\":[{string.Concat(Enumerable.Repeat("""{"node":"flood","text":"x"},""", 999_999))}{{}}]}}"),
        ["too many sends"] = Content(
            $"{{\"sends\":[{string.Join(',', Enumerable.Repeat("""{"node":"flood","text":"x"}""", 1_001))}]}}"),
    };

    private readonly Server _server;

    public HostileHandlerTests(Server server) => _server = server;

    [Theory]
    [InlineData("silent", "no answer within 3s")]
    [InlineData("endless headers", "broke off")]
    [InlineData("endless body", "over 6291456 bytes|no answer within 3s")]
    [InlineData("slow body", "no answer within 3s")]
    [InlineData("huge length", "broke off")]
    [InlineData("garbage", "broke off")]
    [InlineData("garbage body", "is not a commit")]
    [InlineData("unknown member", "Unknown member 'stat'")]
    [InlineData("huge member", "Unknown member 'xxxx")]
    [InlineData("html", "content type is 'text/html'")]
    [InlineData("bomb", "Content-Encoding is gzip")]
    [InlineData("redirect", "answered 302, and redirects are not followed")]
    [InlineData("reset", "broke off")]
    [InlineData("cut short", "broke off")]
    [InlineData("not held", "cannot be committed")]
    [InlineData("another's", "'ack[0]' is not a message id")]
    [InlineData("a million sends", "over 6291456 bytes")]
    [InlineData("too many sends", "'sends' has over 1000 entries")]
    public async Task Its_message_becomes_a_dead_letter_with_the_reason_and_another_service_goes_on(
        string how, string reason)
    {
        HandlerWorld world = _server.World;
        await using var raw = new RawEndpoint(_answers[how]);
        string service = string.Concat(how.Where(char.IsAsciiLetterLower));
        await world.DeclareAsync(service, new
        {
            handler = new { kind = "push", urls = new[] { raw.Url }, timeout = "3s", strict = true },
            retry = new { attempts = 1 },
        });
        await world.SendAsync(service, "a", "hello");
        Task<string> dead = world.DeadAsync(service, "a");
        await world.SendAsync("good", how.Replace(' ', '-').Replace("'", "", StringComparison.Ordinal), "hello");
        string said = await dead;
        Assert.True(Array.Exists(reason.Split('|'), r => said.Contains(r, StringComparison.Ordinal)), said);
        Assert.True(said.Length <= 1_100, said);
        Assert.Equal(1, raw.Requests);
        Assert.True((await world.LastTroubleAsync(service, "a")).Length <= 1_024);
        await world.UntilIdleAsync("good", how.Replace(' ', '-').Replace("'", "", StringComparison.Ordinal));
        Assert.Equal(0, (await world.GetAsync("/v1/services/good/nodes")).GetProperty("nodes").EnumerateArray()
            .Sum(n => n.GetProperty("dead").GetInt32()));
    }

    private static Func<Socket, CancellationToken, Task> Once(string answer) => async (to, cancel) =>
    {
        await RawEndpoint.WriteAsync(to, answer, cancel);
        to.Shutdown(SocketShutdown.Send);
        await to.ReceiveAsync(new byte[1], cancel);
    };

    private static Func<Socket, CancellationToken, Task> Content(string body) =>
        Once($"{_json}Content-Length: {body.Length}\r\n\r\n{body}");

    private static async Task ForEverAsync(Socket to, string first, string then, CancellationToken cancel)
    {
        await RawEndpoint.WriteAsync(to, first, cancel);
        string many = string.Concat(Enumerable.Repeat(then, 1_000));
        while (true)
        {
            await RawEndpoint.WriteAsync(to, many, cancel);
        }
    }

    private static byte[] Bomb()
    {
        using var bytes = new MemoryStream();
        using (var zip = new GZipStream(bytes, CompressionLevel.Fastest))
        {
            byte[] spaces = Encoding.ASCII.GetBytes(new string(' ', 1 << 20));
            for (int i = 0; i < 256; i++)
            {
                zip.Write(spaces);
            }
        }

        return bytes.ToArray();
    }

    /// <summary>One server for all of them.</summary>
    public sealed class Server : IAsyncLifetime
    {
        private UserEndpoint _good = null!;

        internal HandlerWorld World { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            World = await HandlerWorld.StartAsync();
            _good = await UserEndpoint.StartAsync();
            await World.DeclareAsync("good", new { handler = new { kind = "push", urls = new[] { _good.Url } } });
        }

        public async Task DisposeAsync()
        {
            await World.DisposeAsync();
            await _good.DisposeAsync();
        }
    }
}
