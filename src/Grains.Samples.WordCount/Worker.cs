using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;

namespace Grains.Samples.WordCount;

/// <summary>
/// The process that does the work. It remembers nothing that it could not lose: what it has not committed when it is
/// killed is delivered again, to the next one.
/// </summary>
internal sealed class Worker(IReadOnlyList<Uri> servers)
{
    private const int _linesMax = 20;
    private const int _wordsMax = 100;
    private const int _counters = 8;
    private static readonly TimeSpan _searchPeriod = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(50);

    private readonly Api _api = new(servers);
    private readonly Channel<string> _waiting = Channel.CreateUnbounded<string>();
    private readonly ConcurrentDictionary<string, bool> _queued = new(StringComparer.Ordinal);

    public async Task<int> RunAsync(CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        EndWithParent(end);
        Task[] loops =
        [
            SearchAsync(end.Token),
            .. Enumerable.Range(0, Names.Pages).Select(page => ReadPageAsync(Names.Page(page), end.Token)),
            .. Enumerable.Range(0, _counters).Select(_ => CountAsync(end.Token)),
        ];
        try
        {
            // None of them ends by itself: the first that does takes the others along; the parent starts a new worker.
            await await Task.WhenAny(loops);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // Asked to end.
        }
        finally
        {
            await end.CancelAsync();
            await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _api.Dispose();
        }

        return 0;
    }

    /// <summary>
    /// Our input ends when the parent does, however it ended. The console has no reading without blocking.
    /// </summary>
    private static void EndWithParent(CancellationTokenSource end) => new Thread(() =>
    {
        Console.In.ReadToEnd();
        try
        {
            end.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Ended already.
        }
    }) { IsBackground = true, Name = "waits for the parent's end" }.Start();

    /// <summary>Takes lines and sends each word to its node, in the commit that acknowledges the lines.</summary>
    private async Task ReadPageAsync(string page, CancellationToken stop)
    {
        while (true)
        {
            Delivery? delivery = await _api.ReceiveAsync(Names.Lines, page, _linesMax, wait: "10s", stop);
            if (delivery is null)
            {
                await Task.Delay(_pause, stop);
                continue;
            }

            List<string> words = [.. delivery.Texts.SelectMany(Words.Split)];
            var sends = words.Select(word =>
                new { service = Names.Words, node = Names.Node(word), contentType = "text/plain", text = word });
            if (await _api.CommitAsync(delivery.Id, new { sends }, stop))
            {
                words.ForEach(word => Enqueue(Names.Node(word)));
            }
        }
    }

    /// <summary>
    /// Finds the nodes with messages waiting: those whose words we do not know because another worker split the line,
    /// and those whose messages arrived after we asked.
    /// </summary>
    private async Task SearchAsync(CancellationToken stop)
    {
        while (true)
        {
            foreach (JsonElement node in await _api.ListAsync($"/v1/services/{Names.Words}/nodes", "nodes", stop))
            {
                if (node.GetProperty("waiting").GetInt64() > 0)
                {
                    Enqueue(node.GetProperty("node").GetString()!);
                }
            }

            await Task.Delay(_searchPeriod, stop);
        }
    }

    private void Enqueue(string node)
    {
        if (_queued.TryAdd(node, true))
        {
            _waiting.Writer.TryWrite(node);
        }
    }

    /// <summary>
    /// Adds what waits for a word to its count; the state and the key change in one record with the messages.
    /// </summary>
    private async Task CountAsync(CancellationToken stop)
    {
        await foreach (string node in _waiting.Reader.ReadAllAsync(stop))
        {
            _queued.TryRemove(node, out _);
            while (await _api.ReceiveAsync(Names.Words, node, _wordsMax, wait: "0s", stop) is { } delivery)
            {
                long before = delivery.State is null ? 0 : long.Parse(delivery.State, CultureInfo.InvariantCulture);
                string count = (before + delivery.Texts.Count).ToString(CultureInfo.InvariantCulture);
                var commit = new
                {
                    state = new { text = count, contentType = "text/plain" },
                    keys = new[]
                    {
                        new { keyspace = Names.Counts, key = node, text = count, contentType = "text/plain" },
                    },
                };
                if (!await _api.CommitAsync(delivery.Id, commit, stop) || delivery.Texts.Count < _wordsMax)
                {
                    break;
                }
            }
        }
    }
}
