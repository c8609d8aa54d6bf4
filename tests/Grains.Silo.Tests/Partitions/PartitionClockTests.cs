using Grains.Silo.Loops;

namespace Grains.Silo.Tests.Partitions;

/// <summary>
/// Time goes on under every owner at its own pace: leases and lives end although a new owner's clock is behind.
/// </summary>
public sealed class PartitionClockTests
{
    private readonly SteppedTime _time = new();

    [Theory]
    [InlineData(0, -3_600_000)]
    [InlineData(42_000, 0)]
    [InlineData(1_800_000_000_000, 7_200_000)]
    public void Uptime_goes_on_from_the_last_record_whatever_the_wall_clock_does(long lastMs, long stepMs)
    {
        _time.WallMs = 1_700_000_000_000;
        var clock = new PartitionClock(_time, lastMs);
        Assert.Equal(lastMs, clock.Now.UptimeMs);
        _time.Pass(1_500);
        Assert.Equal(lastMs + 1_500, clock.Now.UptimeMs);
        _time.WallMs += stepMs;
        Assert.Equal(lastMs + 1_500, clock.Now.UptimeMs);
        _time.Pass(2_500);
        Assert.Equal(lastMs + 4_000, clock.Now.UptimeMs);
        Assert.Equal(_time.WallMs, clock.Now.WallMs);
    }

    private sealed class SteppedTime : TimeProvider
    {
        private long _passedMs;

        public long WallMs { get; set; }

        public override long TimestampFrequency => 1_000;

        public void Pass(long ms) => (_passedMs, WallMs) = (_passedMs + ms, WallMs + ms);

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(WallMs);

        public override long GetTimestamp() => _passedMs;
    }
}
