using System.Text;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Slots;

namespace Grains.FrontEnd.Declarations;

/// <summary>A service as declared, every default filled in. Immutable.</summary>
internal sealed record ServiceSnapshot
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

    public required long BackoffMs { get; init; }

    public required long LeaseMs { get; init; }

    public required int MailboxLimit { get; init; }

    /// <summary>Where a node lives.</summary>
    public PartitionId PartitionOf(SlotMap slots, Utf8Name node) =>
        slots.PartitionOf(PlacementKey.SlotOfNode(_utf8Name, node.Span));
}
