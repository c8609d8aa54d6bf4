using System.Text;
using Grains.StateMachines.Slots;

namespace Grains.Faults.Tests.Workload;

/// <summary>
/// What the load declares, and where it lives. The partition of a name is computed here from the published rule, so
/// that answers can be held against each other without believing what they say about it.
/// </summary>
internal static class Names
{
    public const string Spread = "regs";
    public const string Ordered = "regs-ordered";
    public const string Once = "once";
    public const string Counts = "counts";
    public const string Intake = "intake";
    public const string Ledger = "ledger";
    public const int IntakeNodes = 12;
    public const int LedgerNodes = 6;

    private static readonly SlotMap _slots = SlotMap.Even(64);

    public static string KeyPath(string keyspace, string key) => $"/v1/keyspaces/{keyspace}/keys/{Uri.EscapeDataString(key)}";

    public static string NodePath(string service, string node) => $"/v1/services/{service}/nodes/{Uri.EscapeDataString(node)}";

    /// <summary>Tagged, so that the key of the same name shares the partition.</summary>
    public static string IntakeNode(int number) => $"{{in-{number}}}";

    public static string LedgerNode(int number) => $"out-{number}";

    public static uint PartitionOfKey(string keyspace, string key) => _slots.PartitionOf(keyspace == Ordered
        ? PlacementKey.SlotOfOrderedKeyspace(Encoding.UTF8.GetBytes(keyspace))
        : PlacementKey.SlotOfSpreadKey(Encoding.UTF8.GetBytes(key))).Value;

    public static uint PartitionOfNode(string service, string node) =>
        _slots.PartitionOf(PlacementKey.SlotOfNode(Encoding.UTF8.GetBytes(service), Encoding.UTF8.GetBytes(node))).Value;

    /// <summary>
    /// Declares everything, once. The lease is short, so that abandoned deliveries come back within a run; attempts
    /// are many, so that a fault never makes a dead letter.
    /// </summary>
    public static async Task DeclareAsync(Caller caller)
    {
        await MustAsync(caller.PutJsonAsync($"/v1/keyspaces/{Spread}", """{"layout":"spread"}"""));
        await MustAsync(caller.PutJsonAsync($"/v1/keyspaces/{Ordered}", """{"layout":"ordered"}"""));
        await MustAsync(caller.PutJsonAsync($"/v1/keyspaces/{Once}", """{"layout":"spread"}"""));
        await MustAsync(caller.PutJsonAsync($"/v1/keyspaces/{Counts}", """{"layout":"spread"}"""));
        const string service =
            """{"handler":{"kind":"pull"},"retry":{"attempts":1000,"backoff":"50ms"},"lease":"2s","mailbox":{"limit":10000}}""";
        await MustAsync(caller.PutJsonAsync($"/v1/services/{Intake}", service));
        await MustAsync(caller.PutJsonAsync($"/v1/services/{Ledger}", service));
    }

    private static async Task MustAsync(Task<Reply> call)
    {
        Reply reply = await call;
        Assert.True(reply.Is(200) || reply.Is(201), $"a declaration was refused: {reply}");
    }
}
