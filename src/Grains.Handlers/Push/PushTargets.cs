using Grains.Operations.Declarations;

namespace Grains.Handlers.Push;

/// <summary>
/// The URLs of one service as this server finds them: the least busy one that answers is next. One that failed several
/// times in a row is left out for a while, longer each time, and let back in with one request first. Any thread.
/// </summary>
internal sealed class PushTargets
{
    private const int _failuresMax = 3;
    private static readonly TimeSpan _outMin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _outMax = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly Target[] _targets;
    private readonly TimeProvider _time;
    private readonly long _begunAt;

    public PushTargets(HandlerSnapshot handler, TimeProvider time)
    {
        Handler = handler;
        _time = time;
        _begunAt = time.GetTimestamp();
        _targets = [.. handler.Urls.Select(u => new Target(u))];
    }

    public HandlerSnapshot Handler { get; private set; }

    /// <summary>The same URLs: what was learnt of them holds.</summary>
    public bool IsFor(HandlerSnapshot handler)
    {
        if (ReferenceEquals(Handler, handler))
        {
            return true;
        }

        bool isSame = Handler.Urls.SequenceEqual(handler.Urls);
        Handler = isSame ? handler : Handler;
        return isSame;
    }

    /// <summary>Why none of them is asked now, and for how long; null = one may be.</summary>
    public (string Why, TimeSpan For)? Suspension
    {
        get
        {
            lock (_lock)
            {
                TimeSpan now = Now;
                if (Array.Exists(_targets, t => t.IsOpen(now)))
                {
                    return null;
                }

                Target soonest = _targets.MinBy(t => t.OutUntil)!;
                TimeSpan wait = soonest.OutUntil - now;
                return (
                    $"No URL of it answers: {soonest.Trouble}",
                    wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(50));
            }
        }
    }

    /// <summary>Since these targets were made: how long one is left out does not depend on the wall clock.</summary>
    private TimeSpan Now => _time.GetElapsedTime(_begunAt);

    /// <summary>To be given back, once. Null: none may be asked now.</summary>
    public Taken? Take()
    {
        lock (_lock)
        {
            TimeSpan now = Now;
            int from = Random.Shared.Next(_targets.Length);
            Target? best = null;
            for (int i = 0; i < _targets.Length; i++)
            {
                Target target = _targets[(from + i) % _targets.Length];
                if (target.IsOpen(now) && (best is null || target.InFlight < best.InFlight))
                {
                    best = target;
                }
            }

            if (best is null)
            {
                return null;
            }

            best.InFlight++;
            bool isProbe = best.FailuresInRow >= _failuresMax;
            best.IsProbed |= isProbe;
            return new Taken(best, isProbe);
        }
    }

    /// <summary>It answered, whatever it said.</summary>
    public void Succeeded(Taken taken)
    {
        lock (_lock)
        {
            Target target = Return(taken);
            target.FailuresInRow = 0;
            target.OutUntil = default;
        }
    }

    /// <summary>It did not answer. Those that were asked before it went out fail with it, and count no more.</summary>
    public void Failed(Taken taken, string trouble)
    {
        lock (_lock)
        {
            TimeSpan now = Now;
            Target target = Return(taken);
            target.Trouble = trouble;
            if (target.OutUntil <= now && ++target.FailuresInRow >= _failuresMax)
            {
                int doublings = Math.Min(target.FailuresInRow - _failuresMax, 10);
                target.OutUntil = now + TimeSpan.FromTicks(Math.Min(_outMin.Ticks << doublings, _outMax.Ticks));
            }
        }
    }

    /// <summary>Nothing is learnt of it: the request was given up.</summary>
    public void GivenUp(Taken taken)
    {
        lock (_lock)
        {
            Return(taken);
        }
    }

    private static Target Return(Taken taken)
    {
        taken.Target.InFlight--;
        taken.Target.IsProbed &= !taken.IsProbe;
        return taken.Target;
    }

    /// <summary>A request that is out.</summary>
    /// <param name="Target">Where to.</param>
    /// <param name="IsProbe">It is the one that may let the target back in.</param>
    internal sealed record Taken(Target Target, bool IsProbe)
    {
        public Uri Url => Target.Url;
    }

    internal sealed class Target(Uri url)
    {
        public Uri Url { get; } = url;

        public int InFlight { get; set; }

        public int FailuresInRow { get; set; }

        /// <summary>In the time of <see cref="Now"/>.</summary>
        public TimeSpan OutUntil { get; set; }

        public bool IsProbed { get; set; }

        public string Trouble { get; set; } = "";

        /// <summary>One that has been out takes one request at a time until one succeeds.</summary>
        public bool IsOpen(TimeSpan now) => FailuresInRow < _failuresMax || (OutUntil <= now && !IsProbed);
    }
}
