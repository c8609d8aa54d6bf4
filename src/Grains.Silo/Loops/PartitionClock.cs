using Grains.StateMachines.Clocks;

namespace Grains.Silo.Loops;

/// <summary>
/// The two clocks of a partition under one ownership: the server's wall clock as it is, and the uptime, which goes on
/// from the last record with the monotonic clock, whatever the wall clock does.
/// </summary>
internal sealed class PartitionClock(TimeProvider time, long uptimeMs)
{
    private readonly long _startedAt = time.GetTimestamp();

    public Moment Now => new(
        Math.Max(0, time.GetUtcNow().ToUnixTimeMilliseconds()),
        uptimeMs + (long)time.GetElapsedTime(_startedAt).TotalMilliseconds);
}
