using Grains.StateMachines.Codecs;

namespace Grains.StateMachines.Clocks;

/// <summary>What time it is, on each of the two clocks that something is decided by.</summary>
/// <param name="WallMs">The owner's wall clock, ms since 1970: decides calendar times alone. It may step, either
/// way.</param>
/// <param name="UptimeMs">
/// The partition's uptime: goes on with its owner's monotonic clock and is carried over by records, so that time in
/// which nobody owned the partition does not count. Decides durations alone, and never falls. Its zero means nothing.
/// </param>
public readonly record struct Moment(long WallMs, long UptimeMs)
{
    /// <summary>Where one clock stands for both.</summary>
    public static Moment At(long ms) => new(ms, ms);

    public long On(Timeline line) => line == Timeline.Uptime ? UptimeMs : WallMs;

    /// <summary>When that moment of the uptime is on the wall clock, should neither clock step.</summary>
    public long WallOf(long uptimeMs) => Math.Max(0, uptimeMs + WallMs - UptimeMs);
}

/// <summary>On which clock of a <see cref="Moment"/> a stored time stands.</summary>
public enum Timeline : byte
{
    /// <summary>A calendar time.</summary>
    Wall = 0,

    /// <summary>The end of a duration.</summary>
    Uptime = 1,
}

/// <summary>A time that something waits for; the default = none.</summary>
public readonly record struct DueTime(long AtMs, Timeline Line)
{
    public bool IsSet => AtMs > 0;

    public bool IsOver(in Moment now) => AtMs <= now.On(Line);

    internal void Write(RecordWriter to)
    {
        to.Byte((byte)Line);
        to.Varint(AtMs);
    }

    internal static DueTime Read(ref RecordReader from)
    {
        var line = (Timeline)from.Byte();
        return new DueTime(from.Varint(), line);
    }

    /// <summary>For people: ms since 1970, as it looks now.</summary>
    public long OnWall(in Moment now) => Line == Timeline.Wall ? AtMs : now.WallOf(AtMs);
}
