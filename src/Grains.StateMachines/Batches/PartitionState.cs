using Grains.StateMachines.Clocks;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Tables;

namespace Grains.StateMachines.Batches;

/// <summary>
/// Everything that a partition's records make it hold: a few numbers, and the tables of each noun. Changed by effects
/// only, in decisions and in replay alike; staged until <see cref="Commit"/>, but for replay.
/// </summary>
internal sealed class PartitionState
{
    private readonly List<Table> _tables = [];
    private readonly List<Table> _withStaged = [];
    private readonly List<NounTables> _nouns = [];
    private readonly Dictionary<byte, ReadEffect> _effects = [];
    private NounTables[] _byNumber = [];
    private StateTotals _durable;
    private StateTotals _staged;

    public PartitionState(MachineLimits limits)
    {
        Limits = limits;
        Commands = new CommandWindows(limits);
        DroppedScopes = NewTable<Place, DroppedScope>();
        Know(CommandApplied.Number, CommandApplied.Read);
        Know(ScopeDropped.Number, ScopeDropped.Read);
    }

    public MachineLimits Limits { get; }

    public CommandWindows Commands { get; }

    public Table<Place, DroppedScope> DroppedScopes { get; }

    /// <summary>Changed while records are read only: never while anything is asked.</summary>
    public LostRevisions Lost { get; } = new();

    /// <summary>With the staged effects.</summary>
    public ref StateTotals Totals => ref _staged;

    public ref StateTotals DurableTotals => ref _durable;

    /// <summary>
    /// Of the last batch, durable or not: how people are told times. Not state: nothing is decided on it.
    /// </summary>
    public Moment Now { get; set; }

    /// <summary>Of the batch being decided. Not state: nothing is applied by it.</summary>
    public Room Room { get; set; } = Room.Unlimited;

    /// <summary>What all nouns hold, in their order.</summary>
    public IReadOnlyList<NounTables> Nouns => _nouns;

    /// <summary>The numbers of all effects that records may hold.</summary>
    public IReadOnlyCollection<byte> EffectNumbers => _effects.Keys;

    /// <summary>Replay: what is read is durable, nothing is staged.</summary>
    public bool WriteThrough
    {
        set => _tables.ForEach(t => t.WriteThrough = value);
    }

    /// <summary>Nothing that grows is to begin of its own accord.</summary>
    public bool IsFull => Totals.Bytes > Limits.PartitionBytesMax || Room.GrowthBytes <= 0;

    /// <summary>Why nothing may grow now; null = it may.</summary>
    public Refused? RefuseGrowth() =>
        Totals.Bytes > Limits.PartitionBytesMax ? Refusals.PartitionFull(this)
        : IsOutOfRoom(0) ? Refusals.ServerFull
        : null;

    /// <summary>Why it may not grow by so much; nothing stands in the way of what shrinks.</summary>
    public Refused? RefuseGrowth(long bytes) =>
        bytes <= 0 ? null
        : Totals.Bytes + bytes > Limits.PartitionBytesMax ? Refusals.PartitionFull(this, bytes)
        : IsOutOfRoom(bytes) ? Refusals.ServerFull
        : null;

    private bool IsOutOfRoom(long bytes) =>
        Room.GrowthBytes != long.MaxValue && Totals.Bytes - _durable.Bytes + bytes >= Room.GrowthBytes;

    public bool IsDropped(long scope) => DroppedScopes.Get(new Place(scope, 0)) is not null;

    // Composition: once, before anything is read or asked.

    /// <summary>A noun's tables are part of the state from now on.</summary>
    public T Add<T>(T tables)
        where T : NounTables
    {
        int number = NounNumber<T>.Value;
        Array.Resize(ref _byNumber, Math.Max(_byNumber.Length, number + 1));
        Invariant.Holds(_byNumber[number] is null, $"{typeof(T).Name} is there once");
        _byNumber[number] = tables;
        _nouns.Add(tables);
        foreach ((byte effect, ReadEffect read) in tables.Effects)
        {
            Know(effect, read);
        }

        return tables;
    }

    /// <summary>A table that is staged, dropped and committed with all others.</summary>
    public Table<TKey, TValue> NewTable<TKey, TValue>()
        where TKey : struct, IComparable<TKey>, IEquatable<TKey>
        where TValue : class
    {
        var table = new Table<TKey, TValue> { Staged = _withStaged };
        _tables.Add(table);
        return table;
    }

    /// <summary>The tables of a noun: how effects, which are data, find what they change.</summary>
    public T Of<T>()
        where T : NounTables => (T)_byNumber[NounNumber<T>.Value];

    // Records.

    public Effect ReadEffect(byte number, ref RecordReader from) => _effects.TryGetValue(number, out ReadEffect? read)
        ? read(ref from)
        : throw new FormatException($"Effect kind {number} is not known to this version.");

    public void Commit()
    {
        foreach (Table table in _withStaged)
        {
            table.Commit();
        }

        _withStaged.Clear();
        Commands.Commit(_staged.TimeMs);
        _durable = _staged;

        // What is only remembered is kept within its bounds: a function of the durable state alone, so that replay
        // forgets the same.
        foreach (NounTables noun in _nouns)
        {
            noun.Forget();
        }
    }

    public void Drop()
    {
        foreach (Table table in _withStaged)
        {
            table.Drop();
        }

        _withStaged.Clear();
        foreach (NounTables noun in _nouns)
        {
            noun.Drop();
        }

        Commands.Drop();
        _staged = _durable;
    }

    private void Know(byte effect, ReadEffect read) =>
        Invariant.Holds(_effects.TryAdd(effect, read), $"one effect has number {effect}");

    private static class NounNumber
    {
        private static int _last = -1;

        public static int Next() => Interlocked.Increment(ref _last);
    }

    /// <summary>A small number for each noun, the same for all partitions of the process; never on disk.</summary>
    private static class NounNumber<T>
    {
        public static readonly int Value = NounNumber.Next();
    }
}
