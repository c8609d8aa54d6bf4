using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.Benchmarks.Loads;

/// <summary>Messages of 256 bytes and how they are received.</summary>
internal static class BenchmarkMessages
{
    public const int BodyBytes = 256;
    public static readonly ServiceId Service = new(8);

    public static SendMessage Send(Utf8Name node) => new()
    {
        Service = Service,
        Node = node,
        Content = new MessageContent { Body = new byte[BodyBytes] },
        MailboxLimit = 10_000,
    };

    public static Receive Receive(Utf8Name node) => new()
    {
        Service = Service,
        ServiceName = "bench",
        Node = node,
        MaxMessages = 1,
        LeaseMs = 30_000,
        MaxAttempts = 5,
    };
}
