using Grains.StateMachines.Codecs;
using Grains.StateMachines.Tables;

namespace Grains.StateMachines.Batches;

/// <summary>What a partition holds of one noun, and how that is read from records and kept in checkpoints.</summary>
internal abstract class NounTables(PartitionState state)
{
    public PartitionState State => state;

    /// <summary>Its effects by their numbers on disk.</summary>
    public abstract IEnumerable<(byte Number, ReadEffect Read)> Effects { get; }

    /// <summary>Its parts of a checkpoint, in the order in which they are written and read.</summary>
    public abstract IReadOnlyList<Section> Sections { get; }

    /// <summary>The batch is durable: what is only remembered is kept within its bounds.</summary>
    public virtual void Forget()
    {
    }

    /// <summary>The batch never was: what is not in a table is undone.</summary>
    public virtual void Drop()
    {
    }

    /// <summary>A table that is staged, dropped and committed with all others.</summary>
    protected Table<TKey, TValue> Table<TKey, TValue>()
        where TKey : struct, IComparable<TKey>, IEquatable<TKey>
        where TValue : class => state.NewTable<TKey, TValue>();
}

/// <summary>Bytes → effect.</summary>
internal delegate Effect ReadEffect(ref RecordReader from);
