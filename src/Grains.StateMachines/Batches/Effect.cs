using Grains.StateMachines.Codecs;

namespace Grains.StateMachines.Batches;

/// <summary>
/// What one change does to the state, as data: replay applies it without deciding again. Its bytes are for ever; a new
/// form is a new number.
/// </summary>
internal abstract record Effect
{
    /// <summary>No effect: the change ends here.</summary>
    public const byte EndOfChange = 0;

    /// <summary>Its first byte on disk. Numbers are never reused.</summary>
    public abstract byte Kind { get; }

    public abstract void Write(RecordWriter to);

    /// <param name="state">Changed, staged or (in replay) at once.</param>
    /// <param name="revision">The revision of the change that it belongs to.</param>
    public abstract void Apply(PartitionState state, long revision);
}

/// <summary>An effect on what one noun holds, and on what that stands on.</summary>
internal abstract record Effect<T> : Effect
    where T : NounTables
{
    public sealed override void Apply(PartitionState state, long revision) => Apply(state.Of<T>(), revision);

    /// <param name="tables">Changed, staged or (in replay) at once.</param>
    /// <param name="revision">The revision of the change that it belongs to.</param>
    protected abstract void Apply(T tables, long revision);
}
