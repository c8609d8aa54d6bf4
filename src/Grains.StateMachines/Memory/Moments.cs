using Grains.StateMachines.Tables;

namespace Grains.StateMachines.Memory;

/// <summary>What is due at which moment, in memory.</summary>
internal sealed class Moments
{
    private readonly Tree<MomentKey, object> _timers = new();
    private long _last;

    public long? FirstMs => _timers.TryFirst(default, out MomentKey first, out _) ? first.AtMs : null;

    public MomentKey Arm(object what, long atMs)
    {
        var key = new MomentKey(atMs, ++_last);
        _timers.Set(key, what);
        return key;
    }

    public void Disarm(MomentKey key) => _timers.Remove(key);

    /// <summary>The first that is due, and no more from now on.</summary>
    public bool TryTake(long nowMs, out object what)
    {
        bool isDue = _timers.TryFirst(default, out MomentKey first, out what) && first.AtMs <= nowMs;
        if (isDue)
        {
            _timers.Remove(first);
        }

        return isDue;
    }
}
