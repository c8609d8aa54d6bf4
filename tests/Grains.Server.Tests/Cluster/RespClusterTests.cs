using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using StackExchange.Redis;

namespace Grains.Server.Tests.Cluster;

/// <summary>Three servers with a port for clients of Redis, and clients that go straight to owners.</summary>
public sealed class RespClusterTests(StartFixture fixture) : IClassFixture<StartFixture>
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(90);
    private static readonly string[] _names = ["a", "b", "c"];

    [Fact]
    public async Task Clients_that_have_the_map_reach_owners_and_count_once_through_a_drain_and_a_kill()
    {
        await using Servers servers = await Servers.StartAsync(fixture, "resp_cluster");
        await BeSentToOwnersAsync(servers);
        await CountThroughADrainAsync(servers);
        await CountThroughAKillAsync(servers);
    }

    /// <summary>The map says who serves what; who has it is sent there, and others are served anywhere.</summary>
    private static async Task BeSentToOwnersAsync(Servers servers)
    {
        int[] map = await servers.SettledMapAsync();

        using var aware = new Connection(servers.Ports[0]);
        using var plain = new Connection(servers.Ports[0]);
        await aware.AskAsync("CLUSTER SLOTS");
        for (int i = 0; i < 30; i++)
        {
            int slot = int.Parse((await aware.AskAsync($"CLUSTER KEYSLOT k{i}"))[1..], CultureInfo.InvariantCulture);
            int port = map[slot * Servers.Partitions / 16_384];
            Assert.Equal(
                port == servers.Ports[0] ? ":1" : $"-MOVED {slot} 127.0.0.1:{port}", await aware.AskAsync($"INCR k{i}"));
            using var owner = new Connection(port);
            await owner.AskAsync("CLUSTER SLOTS");
            Assert.Equal(port == servers.Ports[0] ? ":2" : ":1", await owner.AskAsync($"INCR k{i}"));
            Assert.Equal(port == servers.Ports[0] ? ":3" : ":2", await plain.AskAsync($"INCR k{i}"));
        }
    }

    /// <summary>While a server is drained and comes back every increment is answered.</summary>
    private static async Task CountThroughADrainAsync(Servers servers)
    {
        await UntilAsync(async () => (await servers.MapAsync(0)).Distinct().Count() == 3);
        await using ConnectionMultiplexer client = await servers.ConnectAsync();
        var counters = new Counters(client.GetDatabase(), "drained");
        Assert.Equal(3, Addresses(client).Length);
        await counters.AfterEachAsync(20);
        await servers.PostAsync("/v1/cluster/servers/b:drain");
        await UntilAsync(async () => !(await servers.MapAsync(0)).Contains(servers.Ports[1]));
        await counters.AfterEachAsync(20);
        await servers.PostAsync("/v1/cluster/servers/b:resume");
        await UntilAsync(async () => (await servers.MapAsync(0)).Contains(servers.Ports[1]));
        await counters.AfterEachAsync(20);
        await counters.CheckAsync(mayFail: false);
    }

    /// <summary>After a server was killed every answered increment is there.</summary>
    private static async Task CountThroughAKillAsync(Servers servers)
    {
        await UntilAsync(async () => (await servers.MapAsync(0)).Distinct().Count() == 3);
        await using ConnectionMultiplexer client = await servers.ConnectAsync();
        var counters = new Counters(client.GetDatabase(), "killed");
        await counters.AfterEachAsync(20);
        servers.All[2].Kill();
        await UntilAsync(async () => !(await servers.MapAsync(0)).Contains(servers.Ports[2]));
        await UntilAsync(async () => IsEqual(await servers.MapAsync(1), await servers.MapAsync(0)));
        await counters.AfterEachAsync(20);
        await counters.CheckAsync(mayFail: true);
    }

    private static bool IsEqual(int[] one, int[] other) => one.AsSpan().SequenceEqual(other);

    private static string[] Addresses(ConnectionMultiplexer client) =>
        [.. client.GetServers().Where(s => s.IsConnected).Select(s => $"{s.EndPoint}")];

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var deadline = new CancellationTokenSource(_deadline);
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await holds())
        {
            await look.WaitForNextTickAsync(deadline.Token);
        }
    }

    /// <summary>Several keys of its own name, each incremented by one caller, again and again.</summary>
    private sealed class Counters
    {
        private const int _count = 16;

        private readonly IDatabase _db;
        private readonly string _name;
        private readonly CancellationTokenSource _stop = new();
        private readonly int[] _answered = new int[_count];
        private readonly int[] _failed = new int[_count];
        private readonly List<string> _violations = [];
        private readonly Task _work;

        public Counters(IDatabase db, string name)
        {
            _db = db;
            _name = name;
            _work = Task.WhenAll(Enumerable.Range(0, _count).Select(CountAsync));
        }

        /// <summary>Each is answered so often from now on.</summary>
        public Task AfterEachAsync(int more)
        {
            int[] wanted = [.. _answered.Select(a => a + more)];
            return UntilAsync(() => Task.FromResult(
                _work.IsCompleted || wanted.Index().All(w => Volatile.Read(ref _answered[w.Index]) >= w.Item)));
        }

        public async Task CheckAsync(bool mayFail)
        {
            await _stop.CancelAsync();
            await _work;
            for (int i = 0; i < _count; i++)
            {
                // A client of one server reads it: it is where the last owner has it.
                int there = (int)await _db.StringGetAsync($"{_name}-{i}");
                Assert.InRange(there, _answered[i], _answered[i] + _failed[i]);
            }

            Assert.Empty(_violations);
            if (!mayFail)
            {
                Assert.All(_failed, f => Assert.Equal(0, f));
            }
        }

        private async Task CountAsync(int counter)
        {
            long last = 0;
            int unknown = 0;
            while (!_stop.IsCancellationRequested)
            {
                try
                {
                    long now = await _db.StringIncrementAsync($"{_name}-{counter}");
                    if (now <= last || now > last + unknown + 1)
                    {
                        lock (_violations)
                        {
                            _violations.Add($"{_name}-{counter} was {last}, {unknown} failed, then it was {now}");
                        }
                    }

                    // Those that failed and were not applied by now never will be: the client has given them up.
                    (last, unknown) = (now, 0);
                    Interlocked.Increment(ref _answered[counter]);
                }
                catch (Exception e) when (e is RedisException or TimeoutException)
                {
                    unknown++;
                    _failed[counter]++;
                }

                await Task.Delay(5);
            }
        }
    }

    private sealed class Connection : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly StreamReader _reader;

        public Connection(int port)
        {
            _socket.Connect(IPAddress.Loopback, port);
            _reader = new StreamReader(new NetworkStream(_socket), Encoding.Latin1);
        }

        /// <summary>The first line of the answer, or the text of a bulk string; what follows of an array is read
        /// over.</summary>
        public async Task<string> AskAsync(string line)
        {
            await _socket.SendAsync(Encoding.ASCII.GetBytes(line + "\r\n"));
            return await ReadAsync();
        }

        public void Dispose()
        {
            _reader.Dispose();
            _socket.Dispose();
        }

        private async Task<string> ReadAsync()
        {
            string line = await _reader.ReadLineAsync().WaitAsync(_deadline)
                ?? throw new IOException("The connection ended.");
            if (line[0] == '*')
            {
                for (int i = int.Parse(line[1..], CultureInfo.InvariantCulture); i > 0; i--)
                {
                    await ReadAsync();
                }
            }

            if (line[0] != '$')
            {
                return line;
            }

            char[] text = new char[int.Parse(line[1..], CultureInfo.InvariantCulture) + 2];
            await _reader.ReadBlockAsync(text).AsTask().WaitAsync(_deadline);
            return new string(text, 0, text.Length - 2);
        }
    }

    private sealed class Servers : IAsyncDisposable
    {
        public const int Partitions = 16;

        private Servers(RunningServer[] all, int[] ports) => (All, Ports) = (all, ports);

        public RunningServer[] All { get; }

        /// <summary>For clients of Redis.</summary>
        public int[] Ports { get; }

        public static async Task<Servers> StartAsync(StartFixture fixture, string schema)
        {
            int[] ports = [.. _names.Select(_ => FreePort.Find())];
            var servers = new Servers(
                [
                    .. _names.Select((name, i) => RunningServer.Start(
                        [
                            "--name", name, "--silo", $"127.0.0.1:{FreePort.Find()}", "--partitions", $"{Partitions}",
                            "--schema", schema, "--dashboard", "false", "--resp", $"127.0.0.1:{ports[i]}",
                        ],
                        new Dictionary<string, string> { ["GRAINS_POSTGRES"] = fixture.Postgres.ConnectionString })),
                ],
                ports);
            await Task.WhenAll(servers.All.Select(s => s.ReadyAsync()));
            return servers;
        }

        public Task<ConnectionMultiplexer> ConnectAsync()
        {
            var options = new ConfigurationOptions { AbortOnConnectFail = false };
            foreach (int port in Ports)
            {
                options.EndPoints.Add(IPAddress.Loopback, port);
            }

            return ConnectionMultiplexer.ConnectAsync(options);
        }

        /// <summary>The port that a server names for each partition.</summary>
        public async Task<int[]> MapAsync(int server)
        {
            using var connection = new Connection(Ports[server]);
            var map = new int[Partitions];
            string nodes = await connection.AskAsync("CLUSTER NODES");
            foreach (string[] words in nodes.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(' ')))
            {
                int port = int.Parse(words[1].Split(':', '@')[1], CultureInfo.InvariantCulture);
                foreach (string[] range in words[8..].Select(r => r.Split('-')))
                {
                    int last = int.Parse(range[^1], CultureInfo.InvariantCulture);
                    for (int slot = int.Parse(range[0], CultureInfo.InvariantCulture); slot <= last; slot++)
                    {
                        map[slot * Partitions / 16_384] = port;
                    }
                }
            }

            return map;
        }

        /// <summary>Once partitions are where they stay: then every server names for each the one that the API names.</summary>
        public async Task<int[]> SettledMapAsync()
        {
            int[] before = [];
            int[] map = [];
            await UntilAsync(async () =>
            {
                (before, map) = (map, await OwnersAsync());
                int[][] maps = await Task.WhenAll(Ports.Select((_, i) => MapAsync(i)));
                return IsBalanced(map) && IsEqual(before, map) && maps.All(m => IsEqual(m, map));
            });
            return map;
        }

        /// <summary>No server has more than a quarter above its share.</summary>
        private bool IsBalanced(int[] map) =>
            Ports.All(p => map.Contains(p) && map.Count(m => m == p) * 4 * Ports.Length <= 5 * Partitions);

        /// <summary>The same, as the API says it.</summary>
        private async Task<int[]> OwnersAsync()
        {
            using HttpResponseMessage answer = await All[0].GetAsync("/v1/cluster/partitions");
            using JsonDocument list = JsonDocument.Parse(await answer.Content.ReadAsStreamAsync());
            return
            [
                .. list.RootElement.GetProperty("partitions").EnumerateArray()
                    .Select(p => Ports[Array.IndexOf(_names, p.GetProperty("owner").GetString())]),
            ];
        }

        public async Task PostAsync(string path)
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            using HttpResponseMessage done = await http.PostAsJsonAsync(All[0].Url + path, new { });
            Assert.True(done.IsSuccessStatusCode, await done.Content.ReadAsStringAsync());
        }

        public async ValueTask DisposeAsync()
        {
            foreach (RunningServer server in All)
            {
                await server.DisposeAsync();
            }
        }
    }
}
