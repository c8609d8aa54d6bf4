using System.Text;
using Grains.Faults.Tests.World;
using Grains.StateMachines.Slots;

namespace Grains.Faults.Tests.Workload;

/// <summary>
/// What the load of one run declares, and where it lives. The partition of a name is computed here from the published
/// rule, so that answers can be held against each other without believing what they say about it.
/// </summary>
/// <param name="run">Runs on one cluster have names of their own, and so begin with nothing.</param>
internal sealed class Names(int run = 1)
{
    public const int IntakeNodes = 12;
    public const int LedgerNodes = 6;

    /// <summary>
    /// The lease is short, so that abandoned deliveries come back within a run; attempts are many, so that a fault
    /// never makes a dead letter.
    /// </summary>
    private const string _service =
        """{"handler":{"kind":"pull"},"retry":{"attempts":1000,"backoff":"50ms"},"lease":"2s","mailbox":{"limit":10000}}""";

    private const int _tagsTriedMax = 100_000;

    private static readonly SlotMap _slots = SlotMap.Even(ServerSettings.Partitions);

    public string Spread { get; } = $"regs-{run}";

    public string Ordered { get; } = $"regs-ordered-{run}";

    public string Once { get; } = $"once-{run}";

    public string Counts { get; } = $"counts-{run}";

    /// <summary>Ballast: nobody asks for it.</summary>
    public string Filled { get; } = $"filled-{run}";

    public string Intake { get; } = $"intake-{run}";

    public string Ledger { get; } = $"ledger-{run}";

    /// <summary>Deliveries of it are held while servers are frozen.</summary>
    public string Leased { get; } = $"leased-{run}";

    public static string KeyPath(string keyspace, string key) =>
        $"/v1/keyspaces/{keyspace}/keys/{Uri.EscapeDataString(key)}";

    public static string NodePath(string service, string node) =>
        $"/v1/services/{service}/nodes/{Uri.EscapeDataString(node)}";

    /// <summary>Tagged, so that the key of the same name shares the partition.</summary>
    public static string IntakeNode(int number) => $"{{in-{number}}}";

    public static string LedgerNode(int number) => $"out-{number}";

    public static uint PartitionOfNode(string service, string node) =>
        _slots.PartitionOf(
            PlacementKey.SlotOfNode(Encoding.UTF8.GetBytes(service), Encoding.UTF8.GetBytes(node))).Value;

    /// <summary>What keys and nodes of that partition can have in braces.</summary>
    public string TagOf(uint partition) => Enumerable.Range(0, _tagsTriedMax).Select(i => $"t{i}")
        .First(tag => PartitionOfKey(Spread, $"{{{tag}}}") == partition);

    /// <summary>A node in that partition.</summary>
    public string LeasedNode(uint partition) => $"{{{TagOf(partition)}}}";

    public uint PartitionOfKey(string keyspace, string key) => _slots.PartitionOf(keyspace == Ordered
        ? PlacementKey.SlotOfOrderedKeyspace(Encoding.UTF8.GetBytes(keyspace))
        : PlacementKey.SlotOfSpreadKey(Encoding.UTF8.GetBytes(key))).Value;

    /// <summary>Declares everything, once.</summary>
    public async Task DeclareAsync(Caller caller)
    {
        await MustAsync(caller.PutJsonAsync($"/v1/keyspaces/{Ordered}", """{"layout":"ordered"}"""));
        foreach (string keyspace in new[] { Spread, Once, Counts, Filled })
        {
            await MustAsync(caller.PutJsonAsync($"/v1/keyspaces/{keyspace}", """{"layout":"spread"}"""));
        }

        foreach (string service in new[] { Intake, Ledger, Leased })
        {
            await MustAsync(caller.PutJsonAsync($"/v1/services/{service}", _service));
        }
    }

    private static async Task MustAsync(Task<Reply> call)
    {
        Reply reply = await call;
        Assert.True(reply.Is(200) || reply.Is(201), $"a declaration was refused: {reply}");
    }
}
