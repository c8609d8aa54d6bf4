using Grains.StateMachines.Clocks;

namespace Grains.Silo.Loops;

/// <summary>
/// The two clocks of a partition under one ownership: the server's wall clock as it is, and the uptime, which goes on
/// from the last record with the monotonic clock, whatever the wall clock does.
/// </summary>
internal sealed class PartitionClock(TimeProvider time, long uptimeMs)
{
    private readonly long _startedAt = time.GetTimestamp();

    public Moment Now => At(ServerMoment.Now(time));

    public Moment At(in ServerMoment moment) => new(
        moment.WallMs, uptimeMs + (long)time.GetElapsedTime(_startedAt, moment.Timestamp).TotalMilliseconds);
}

/// <summary>Both clocks of the server, read once for the turns of many partitions.</summary>
/// <param name="WallMs">Since 1970.</param>
/// <param name="Timestamp">Of the monotonic clock, in its own unit.</param>
internal readonly record struct ServerMoment(long WallMs, long Timestamp)
{
    public static ServerMoment Now(TimeProvider time) =>
        new(Math.Max(0, time.GetUtcNow().ToUnixTimeMilliseconds()), time.GetTimestamp());
}
