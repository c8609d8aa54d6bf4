using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Batches;

/// <summary>The change was asked for by this command: a repeat of it is answered, not applied.</summary>
internal sealed record CommandApplied(CommandId Id, long Result) : Effect
{
    public const byte Number = 1;

    public override byte Kind => Number;

    public override void Write(RecordWriter to)
    {
        to.Varint(Id.Incarnation);
        to.Varint(Id.Number);
        to.Varint(Result);
    }

    public static CommandApplied Read(ref RecordReader from) =>
        new(new CommandId(from.Varint(), from.Varint()), from.Varint());

    public override void Apply(PartitionState state, long revision) => state.Commands.Stage(Id, revision, Result);
}

/// <summary>A keyspace or a service is deleted: nothing is added to it any more.</summary>
internal sealed record ScopeDropped(long Scope) : Effect
{
    public const byte Number = 2;

    public override byte Kind => Number;

    public override void Write(RecordWriter to) => to.Varint(Scope);

    public static ScopeDropped Read(ref RecordReader from) => new(from.Varint());

    public override void Apply(PartitionState state, long revision) =>
        state.DroppedScopes.Set(new Place(Scope, 0), DroppedScope.Marker);
}
