using System.Text;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.Simulation.Tests.Workload;

/// <summary>What the clients of all runs address.</summary>
internal static class Names
{
    public const int Nodes = 3;
    public const int Keys = 3;

    public static readonly KeyspaceId Keyspace = new(1);
    public static readonly KeyspaceId Expiring = new(2);
    public static readonly KeyspaceId Counts = new(3);
    public static readonly ServiceId Service = new(4);

    /// <summary>Of messages and timers whose times are watched; nobody takes them.</summary>
    public static readonly ServiceId Timed = new(6);

    public static MessageContent Content(string label) => new() { Body = Encoding.UTF8.GetBytes(label) };

    public static string Text(byte[]? bytes) => Encoding.UTF8.GetString(bytes ?? []);

    public static string[] Labels(byte[]? state) => Text(state).Split(',', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>What the handler of a message sends on; null for a message that was sent on itself.</summary>
    public static string? ChildOf(string label) => label.EndsWith('/') || !IsEven(label) ? null : $"{label}/";

    /// <summary>
    /// What who sent a message is told in the end, by its handler or by that of the message that it was sent on as.
    /// </summary>
    public static string ReplyTo(string label) => $"re:{ChildOf(label) ?? label}";

    private static bool IsEven(string label) => (label[^1] & 1) == 0;
}
