using System.Globalization;
using System.Net.Http.Json;

namespace Grains.Faults.Tests.Workload;

/// <summary>
/// Tokens that go round a ring of nodes over all partitions, let out by one node at once, each hop a message that its
/// handler sends in its commit. Every node's state is what it handled, in order; so at the end it can be told of every
/// hop whether it happened once, and of every two neighbours whether what one sent arrived in that order.
/// </summary>
internal sealed class Ring(string service, int hopsAtLeast, Uri[] servers) : IDisposable
{
    private static readonly TimeSpan _pollPeriod = TimeSpan.FromMilliseconds(100);

    private readonly AnyServer _server = new(servers);

    public int Nodes { get; } = Math.Clamp(hopsAtLeast / 40, 50, 1_000);

    public int Tokens => Nodes / 2;

    /// <summary>Of each token, the first delivery not counted.</summary>
    public int HopsPerToken => (hopsAtLeast + Tokens - 1) / Tokens;

    public int Hops => Tokens * (HopsPerToken + 1);

    public async Task BeginAsync(object handler)
    {
        await _server.CallAsync(HttpMethod.Put, $"/v1/services/{service}", () => JsonContent.Create(new
        {
            handler, lease = "5s", retry = new { attempts = 1_000, backoff = "50ms", maxBackoff = "500ms" },
        }));
        await _server.CallAsync(
            HttpMethod.Post,
            $"/v1/services/{service}/nodes/hub/messages",
            () => new StringContent(string.Create(CultureInfo.InvariantCulture, $"{Nodes} {Tokens} {HopsPerToken}")),
            idempotencyKey: "let-them-out");
    }

    /// <summary>How many tokens have come home.</summary>
    public async Task<int> EndedAsync() => (await HandledAsync("end")).Length;

    public async Task UntilAllEndedAsync(TimeSpan deadline)
    {
        using var cancel = new CancellationTokenSource(deadline);
        while (await EndedAsync() < Tokens)
        {
            await Task.Delay(_pollPeriod, cancel.Token);
        }
    }

    /// <summary>What is wrong; nothing, if every hop happened once, at its node, in the order of its sender.</summary>
    public async Task<List<string>> CheckAsync()
    {
        var wrong = new List<string>();
        (int Token, int Hop)[][] handled =
            [.. await Task.WhenAll(Enumerable.Range(0, Nodes).Select(n => HandledAsync($"n{n}")))];
        for (int node = 0; node < Nodes; node++)
        {
            (int Token, int Hop)[] here = handled[node];
            foreach (var twice in here.GroupBy(h => h).Where(g => g.Count() > 1))
            {
                wrong.Add($"n{node} handled {twice.Key} {twice.Count()} times");
            }

            wrong.AddRange(
                here.Where(h => (h.Token * 7 + h.Hop) % Nodes != node).Select(
                    h => $"n{node} handled {h}, which was not for it"));
            (int, int)[] sent =
            [
                .. handled[(node + Nodes - 1) % Nodes].Where(h => h.Hop < HopsPerToken)
                .Select(h => (h.Token, h.Hop + 1))
            ];
            (int, int)[] arrived = [.. here.Where(h => h.Hop > 0)];
            if (!sent.SequenceEqual(arrived))
            {
                wrong.Add(
                    $"n{node} handled {arrived.Length} messages of its neighbour, which sent {sent.Length}, or in "
                    + "another order");
            }
        }

        int count = handled.Sum(h => h.Length);
        if (count != Hops)
        {
            wrong.Add($"{count} hops happened instead of {Hops}");
        }

        return wrong;
    }

    public void Dispose() => _server.Dispose();

    private async Task<(int Token, int Hop)[]> HandledAsync(string node)
    {
        string state = await _server.CallAsync(HttpMethod.Get, $"/v1/services/{service}/nodes/{node}/state") ?? "";
        return [.. state.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(w => w.Split(':'))
            .Select(
                w => (int.Parse(w[0], CultureInfo.InvariantCulture), int.Parse(w[1], CultureInfo.InvariantCulture)))];
    }
}
