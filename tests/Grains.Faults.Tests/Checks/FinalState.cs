using System.Diagnostics;
using System.Text.Json;
using Grains.Faults.Tests.Workload;

namespace Grains.Faults.Tests.Checks;

/// <summary>Reads what the server holds at the end, when nobody writes any more.</summary>
internal sealed class FinalState(Caller caller, Names names)
{
    private static readonly TimeSpan _pollPeriod = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits until nothing is waiting, delivered or under way. False if that does not come in time.</summary>
    public async Task<bool> IsDrainedAsync(TimeSpan deadline)
    {
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < deadline; await Task.Delay(_pollPeriod))
        {
            // What left the intake must have arrived in the ledger: messages under way are in no mailbox.
            if (await OpenMessagesAsync(names.Intake) == 0
                && await OpenMessagesAsync(names.Ledger) == 0
                && (await LabelsAsync(names.Intake)).Count == (await LabelsAsync(names.Ledger)).Count)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The labels in the states of all nodes of a service.</summary>
    public async Task<List<string>> LabelsAsync(string service)
    {
        var labels = new List<string>();
        foreach (JsonElement node in await NodesAsync(service))
        {
            string name = node.GetProperty("node").GetString()!;
            Reply state = await caller.MustGetAsync($"{Names.NodePath(service, name)}/state");
            labels.AddRange(state.Is(404) ? [] : Delivery.Read(state.Body));
        }

        return labels;
    }

    /// <summary>How many labels each intake node holds, and what its count key says.</summary>
    public async Task<(Dictionary<string, long> Held, Dictionary<string, long> Counted)> CountersAsync()
    {
        var held = new Dictionary<string, long>();
        var counted = new Dictionary<string, long>();
        for (int i = 0; i < Names.IntakeNodes; i++)
        {
            string node = Names.IntakeNode(i);
            Reply state = await caller.MustGetAsync($"{Names.NodePath(names.Intake, node)}/state");
            Reply count = await caller.MustGetAsync(Names.KeyPath(names.Counts, node));
            held[node] = state.Is(404) ? 0 : Delivery.Read(state.Body).Length;
            counted[node] = count.Is(404) ? 0 : long.Parse(count.Body.Split(' ')[0]);
        }

        return (held, counted);
    }

    /// <summary>Every key of a keyspace, by pages.</summary>
    public Task<List<string>> KeysAsync(string keyspace) =>
        PagesAsync($"/v1/keyspaces/{keyspace}/keys", "keys", key => key.GetProperty("key").GetString()!);

    private async Task<long> OpenMessagesAsync(string service) => (await NodesAsync(service))
        .Sum(n => n.GetProperty("waiting").GetInt64() + n.GetProperty("delivered").GetInt64());

    private Task<List<JsonElement>> NodesAsync(string service) =>
        PagesAsync($"/v1/services/{service}/nodes", "nodes", node => node.Clone());

    private async Task<List<T>> PagesAsync<T>(string path, string member, Func<JsonElement, T> read)
    {
        var all = new List<T>();
        for (string? after = null; ;)
        {
            JsonElement page = (await caller.MustGetAsync(
                $"{path}?limit=500{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}")).Json();
            all.AddRange(page.GetProperty(member).EnumerateArray().Select(read));
            after = page.TryGetProperty("next", out JsonElement next) ? next.GetString() : null;
            if (after is null)
            {
                return all;
            }
        }
    }
}
