namespace Grains.FrontEnd.Tests.World;

/// <summary>Timers come so many times sooner than they say; clocks are those of the system.</summary>
internal sealed class HastenedTime(int times) : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, Sooner(dueTime), Sooner(period));

    private TimeSpan Sooner(TimeSpan time) => time > TimeSpan.Zero ? time / times : time;
}
