using Grains.StateMachines.Codecs;

namespace Grains.StateMachines.Partitions;

/// <summary>
/// What one change does to the state, as data: replay applies it without deciding again. Its bytes are for ever; a new
/// form is a new kind.
/// </summary>
internal abstract record Effect
{
    public abstract EffectKind Kind { get; }

    public abstract void Write(RecordWriter to);

    /// <param name="state">Changed, staged or (in replay) at once.</param>
    /// <param name="revision">The revision of the change that it belongs to.</param>
    public abstract void Apply(PartitionState state, long revision);
}
