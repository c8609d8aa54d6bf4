using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Grains.Faults.Tests.Workload;

/// <summary>
/// Clients of the Redis port, each with a counter of its own: some ask one by one, some many at once. An increment that
/// was answered is there and counted once; one without an answer is counted once or never; and what is answered on one
/// connection goes up by one. After each lost connection, and at the end, the counter itself says what became of it.
/// </summary>
internal sealed class RedisCounters(IPEndPoint address, int seed)
{
    private const int _clients = 8;
    private const int _pipelinedMax = 16;
    private static readonly TimeSpan _answerMax = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Between two batches of one client: they are not all that the server has to do.</summary>
    private const int _restMsMax = 20;

    private readonly List<string> _violations = [];
    private readonly CancellationTokenSource _stop = new();
    private volatile bool _isAbandoned;
    private Task _work = Task.CompletedTask;
    private long _acknowledged;

    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    public void Start() => _work = Task.WhenAll(Enumerable.Range(0, _clients).Select(
        i => Task.Run(() => CountAsync($"counter-{i}", new Random(seed + i), i % 2 == 0 ? 1 : _pipelinedMax))));

    /// <summary>They end where they are, whether the server is there or not.</summary>
    public async Task AbandonAsync()
    {
        _isAbandoned = true;
        await _stop.CancelAsync();
        await _work;
    }

    /// <summary>Needs the server: every counter is read once more.</summary>
    public async Task<IReadOnlyList<string>> FinishAsync()
    {
        await _stop.CancelAsync();
        await _work;
        lock (_violations)
        {
            return [.. _violations];
        }
    }

    private async Task CountAsync(string counter, Random random, int pipelinedMax)
    {
        long counted = 0;
        int unanswered = 0;
        for (bool isLast = false; !isLast;)
        {
            isLast = _stop.IsCancellationRequested;
            try
            {
                using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                socket.NoDelay = true;
                await socket.ConnectAsync(address);
                await using var stream = new NetworkStream(socket);
                using var reader = new StreamReader(stream, Encoding.ASCII);
                long there = await ReadAsync(stream, reader, counter);
                if (there < counted || there > counted + unanswered)
                {
                    Violated($"{counter} is {there}: {counted} were answered, and {unanswered} more were asked for");
                }

                (counted, unanswered) = (there, 0);
                while (!_stop.IsCancellationRequested)
                {
                    int count = random.Next(1, pipelinedMax + 1);
                    unanswered = count;
                    await stream.WriteAsync(Encoding.ASCII.GetBytes(
                        string.Concat(Enumerable.Repeat($"INCR {counter}\r\n", count))));
                    for (; unanswered > 0; unanswered--)
                    {
                        string answer = await LineAsync(reader);
                        if (answer != $":{counted + 1}")
                        {
                            Violated($"{counter} was {counted}, and an increment was answered with {answer}");
                            throw new IOException("The connection cannot be gone on with.");
                        }

                        counted++;
                        Interlocked.Increment(ref _acknowledged);
                    }

                    await Task.Delay(random.Next(_restMsMax));
                }
            }
            catch (Exception e) when (e is IOException or SocketException or TimeoutException)
            {
                // At the end the server is there: what cannot be read then is said by whoever waits for this.
                isLast = _isAbandoned;
                await Task.Delay(_pause);
            }
        }
    }

    /// <summary>Also while the server starts, and says so.</summary>
    private static async Task<long> ReadAsync(NetworkStream stream, StreamReader reader, string counter)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {counter}\r\n"));
        string length = await LineAsync(reader);
        return length == "$-1" ? 0
            : length.StartsWith('$') ? long.Parse(await LineAsync(reader), CultureInfo.InvariantCulture)
            : throw new IOException(length);
    }

    /// <exception cref="IOException">The connection ended.</exception>
    private static async Task<string> LineAsync(StreamReader reader) =>
        await reader.ReadLineAsync().WaitAsync(_answerMax) ?? throw new IOException("The connection ended.");

    private void Violated(string what)
    {
        lock (_violations)
        {
            _violations.Add(what);
        }
    }
}
