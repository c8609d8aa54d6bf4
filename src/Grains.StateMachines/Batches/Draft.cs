using Grains.StateMachines.Clocks;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Batches;

/// <summary>
/// The record of the batch being decided. An effect is staged and written the moment that it is emitted, so that the
/// rest of the batch sees it and replay does the same.
/// </summary>
/// <remarks>
/// Format 1: format byte, and as varints the namespace, the record time, by how much the wall clock was behind it, and
/// the uptime; then for each revision its effects (kind byte, fields) and a zero byte, then CRC32C. How many revisions,
/// the journal knows.
/// </remarks>
internal sealed class Draft(PartitionState state)
{
    public const byte Format = 1;

    /// <summary>Only <c>default</c> is exposed.</summary>
    public const int Namespace = 0;

    private readonly RecordWriter _record = new();
    private bool _open;
    private int _ordinals;

    /// <summary>Any thread: what the next record may hold.</summary>
    public int FormatLevel { get; set; } = FormatLevels.Newest;

    /// <summary>What this record may hold.</summary>
    public int Level { get; private set; }

    /// <summary>Revisions that the batch takes so far.</summary>
    public int Changes { get; private set; }

    /// <summary>The record is long enough: what can wait for the next batch does.</summary>
    public bool IsFull => _record.Length >= state.Limits.StagedBytesMax;

    /// <summary>The uptime of this batch: what durations are counted on.</summary>
    public long NowMs => state.Totals.UptimeMs;

    /// <summary>The owner's wall clock at this batch: what calendar times are compared with.</summary>
    public long WallMs => state.Totals.WallMs;

    /// <summary>Both clocks of this batch.</summary>
    public Moment Now => new(state.Totals.WallMs, state.Totals.UptimeMs);

    public void Begin(in Moment now)
    {
        Changes = 0;
        StateTotals before = state.DurableTotals;
        Level = FormatLevel;
        state.Totals.UptimeMs = Math.Max(before.UptimeMs, now.UptimeMs);
        state.Totals.WallMs = Math.Max(0, now.WallMs);
        state.Totals.TimeMs = Math.Max(before.TimeMs, state.Totals.WallMs);
        state.Now = Now;
        _record.Clear();
        _record.Byte(Format);
        _record.Varint(Namespace);
        _record.Varint(state.Totals.TimeMs);
        _record.Varint(state.Totals.TimeMs - state.Totals.WallMs);
        _record.Varint(state.Totals.UptimeMs);
    }

    /// <summary>When that is; the default = at once.</summary>
    public DueTime DueOf(Due due)
    {
        var time = due.AtMs > 0
            ? new DueTime(due.AtMs, Timeline.Wall)
            : new DueTime(NowMs + due.DelayMs, Timeline.Uptime);
        return due.IsLater && !time.IsOver(Now) ? time : default;
    }

    /// <summary>Before <see cref="Begin"/>.</summary>
    public void Prepare(int bytes) => _record.Prepare(bytes);

    /// <summary>
    /// Begins a change; everything emitted until <see cref="Close"/> takes effect together or not at all.
    /// </summary>
    /// <returns>The revision that it takes.</returns>
    public long Open()
    {
        Invariant.Holds(!_open, "a change is open already");
        _open = true;
        _ordinals = 0;
        return state.Totals.Revision + 1;
    }

    public void Emit(Effect effect)
    {
        Invariant.Holds(_open, "an effect belongs to a change");
        effect.Apply(state, state.Totals.Revision + 1);
        _record.Byte(effect.Kind);
        effect.Write(_record);
    }

    /// <summary>The next number among the things that this change brings.</summary>
    public int NextOrdinal() => _ordinals++;

    /// <param name="command">What asked for the change; <see cref="CommandId.None"/> if nobody may repeat it.</param>
    /// <param name="result">What a repeat's answer needs beside the revision; not negative.</param>
    public void Close(CommandId command = default, long result = 0)
    {
        if (!command.IsNone)
        {
            Emit(new CommandApplied(command, result));
        }

        _record.Byte(Effect.EndOfChange);
        _open = false;
        Changes++;
        state.Totals.Revision++;
    }

    /// <summary>The bytes for the journal; valid until the next <see cref="Begin"/>.</summary>
    public ReadOnlyMemory<byte> Seal()
    {
        Invariant.Holds(!_open, "a change was left open");
        _record.Seal();
        return _record.Written;
    }

    /// <summary>The journal needs the bytes no more: the record is durable, or never will be.</summary>
    public void Release() => _record.Release();

    /// <summary>Applies a record that was read back.</summary>
    public static void Replay(PartitionState state, long first, int count, ReadOnlySpan<byte> record)
    {
        Invariant.Holds(first == state.Totals.Revision + 1, $"record r{first} follows r{state.Totals.Revision}");
        RecordReader from = RecordReader.Open(record, "record");
        byte format = from.Byte();
        if (format != Format)
        {
            throw new FormatException(
                $"A record of format {format} cannot be read; this version reads format {Format}.");
        }

        long space = from.Varint();
        if (space != Namespace)
        {
            throw new FormatException(
                $"A record of namespace {space} cannot be read; this version knows namespace {Namespace}.");
        }

        long timeMs = from.Varint();
        Invariant.Holds(timeMs >= state.Totals.TimeMs, "record time never falls");
        state.Totals.TimeMs = timeMs;
        state.Totals.WallMs = timeMs - from.Varint();
        long uptimeMs = from.Varint();
        Invariant.Holds(uptimeMs >= state.Totals.UptimeMs, "a partition's uptime never falls");
        state.Totals.UptimeMs = uptimeMs;
        for (int change = 0; change < count; change++)
        {
            long revision = first + change;
            for (byte kind = from.Byte(); kind != Effect.EndOfChange; kind = from.Byte())
            {
                state.ReadEffect(kind, ref from).Apply(state, revision);
            }

            state.Totals.Revision = revision;
        }

        if (!from.AtEnd)
        {
            throw new FormatException($"A record of {count} revisions from r{first} goes on after its last one.");
        }

        state.Commit();
    }
}
