using System.Text;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Slots;

namespace Grains.Operations.Declarations;

/// <summary>A service as declared, every default filled in. Immutable.</summary>
public sealed record ServiceSnapshot
{
    private readonly byte[] _utf8Name = [];

    public required string Name
    {
        get;
        init
        {
            field = value;
            _utf8Name = Encoding.ASCII.GetBytes(value);
        }
    }

    public required ServiceId Id { get; init; }

    public required int Attempts { get; init; }

    public HandlerSnapshot Handler { get; init; } = HandlerSnapshot.Pull;

    /// <summary>After the first failure; doubled with each further one.</summary>
    public required long BackoffMs { get; init; }

    public required long MaxBackoffMs { get; init; }

    public required long LeaseMs { get; init; }

    public required int MailboxLimit { get; init; }

    /// <summary>
    /// More messages than this in a chain, each sent at once by the handling of the one before, make dead letters.
    /// </summary>
    public int MaxHops { get; init; } = MaxHopsDefault;

    public const int MaxHopsDefault = 100_000;

    /// <summary>Nothing of it is handed out.</summary>
    public bool Paused { get; init; }

    /// <summary>
    /// How long a node is held back after a failure: of what the attempt comes to, four fifths to all, drawn.
    /// </summary>
    public Backoff Backoff() => new(BackoffMs, MaxBackoffMs, Random.Shared.Next(800, 1001));

    /// <summary>Declared alike, under the same id.</summary>
    public bool Equals(ServiceSnapshot? other) => other is not null && Id == other.Id && Name == other.Name
        && Handler.Equals(other.Handler) && Attempts == other.Attempts && BackoffMs == other.BackoffMs
        && MaxBackoffMs == other.MaxBackoffMs && LeaseMs == other.LeaseMs && MailboxLimit == other.MailboxLimit
        && Paused == other.Paused && MaxHops == other.MaxHops;

    public override int GetHashCode() => HashCode.Combine(Id, Name);

    /// <summary>Where a node lives.</summary>
    public PartitionId PartitionOf(SlotMap slots, Utf8Name node) =>
        slots.PartitionOf(PlacementKey.SlotOfNode(_utf8Name, node.Span));
}
