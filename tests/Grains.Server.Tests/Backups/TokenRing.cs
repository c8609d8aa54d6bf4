using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Grains.Server.Tests.Backups;

/// <summary>
/// Nodes on many partitions hand tokens on to each other; a token's last node writes it into its state, in the commit
/// that takes it. A token that is lost, doubled or invented shows in the states.
/// </summary>
internal sealed class TokenRing(HttpClient http)
{
    private const string _service = "/v1/services/ring";
    private const int _nodes = 12;
    private const int _hops = 9;
    private int _commits;

    /// <summary>Steps that the workers have done.</summary>
    public int Commits => Volatile.Read(ref _commits);

    public async Task DeclareAsync()
    {
        using HttpResponseMessage answer = await http.PutAsJsonAsync(_service, new { });
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>On return they are all durable.</summary>
    public async Task SendAsync(IEnumerable<string> tokens)
    {
        foreach ((int i, string token) in tokens.Index())
        {
            using StringContent body = new($"{token}:{_hops}");
            using HttpResponseMessage answer = await http.PostAsync($"{_service}/nodes/{Name(i)}/messages", body);
            answer.EnsureSuccessStatusCode();
        }
    }

    /// <summary>Every node works, until told to stop.</summary>
    public async Task WorkAsync(CancellationToken stop) =>
        await Task.WhenAll(Enumerable.Range(0, _nodes).Select(async node =>
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await StepAsync(node, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // What was under way is redelivered, or was committed.
            }
        }
    }));

    /// <summary>Every token that has come to its end, in order; doubled ones twice.</summary>
    public async Task<List<string>> FinishedAsync()
    {
        List<string> finished = [];
        for (int node = 0; node < _nodes; node++)
        {
            using HttpResponseMessage answer = await http.GetAsync($"{_service}/nodes/{Name(node)}/state");
            if (answer.StatusCode != HttpStatusCode.NotFound)
            {
                answer.EnsureSuccessStatusCode();
                finished.AddRange(
                    (await answer.Content.ReadAsStringAsync()).Split(' ', StringSplitOptions.RemoveEmptyEntries));
            }
        }

        finished.Sort(StringComparer.Ordinal);
        return finished;
    }

    private async Task StepAsync(int node, CancellationToken stop)
    {
        using HttpResponseMessage received = await http.PostAsJsonAsync(
            $"{_service}/nodes/{Name(node)}/receive", new { max = 3, wait = "200ms", lease = "5s" }, stop);
        received.EnsureSuccessStatusCode();
        if (received.StatusCode == HttpStatusCode.NoContent)
        {
            return;
        }

        JsonElement delivery = await received.Content.ReadFromJsonAsync<JsonElement>(stop);
        StringBuilder state = new(
            delivery.TryGetProperty("state", out JsonElement held) && held.ValueKind == JsonValueKind.Object
            ? Encoding.UTF8.GetString(held.GetProperty("body").GetBytesFromBase64()) : "");
        List<object> sends = [];
        foreach (JsonElement message in delivery.GetProperty("messages").EnumerateArray())
        {
            string[] token = Encoding.UTF8.GetString(message.GetProperty("body").GetBytesFromBase64()).Split(':');
            int hops = int.Parse(token[1], System.Globalization.CultureInfo.InvariantCulture);
            if (hops > 0)
            {
                sends.Add(new { node = Name(node + 1), text = $"{token[0]}:{hops - 1}" });
            }
            else
            {
                state.Append(' ').Append(token[0]);
            }
        }

        string id = delivery.GetProperty("delivery").GetString()!;
        using HttpResponseMessage committed = await http.PostAsJsonAsync(
            $"/v1/deliveries/{id}:commit", new { state = new { text = state.ToString() }, sends }, stop);
        Assert.True(
            committed.IsSuccessStatusCode || committed.StatusCode == HttpStatusCode.Conflict,
            $"{committed.StatusCode}");
        Interlocked.Increment(ref _commits);
    }

    private static string Name(int node) => $"n{node % _nodes}";
}
