using Grains.FrontEnd.Declarations;

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

    public PushTargets(HandlerSnapshot handler, TimeProvider time)
    {
        Handler = handler;
        _time = time;
        _targets = [.. handler.Urls.Select(u => new Target(u))];
    }

    public HandlerSnapshot Handler { get; }

    /// <summary>Why none of them is asked now, and for how long; null = one may be.</summary>
    public (string Why, TimeSpan For)? Halt
    {
        get
        {
            lock (_lock)
            {
                DateTimeOffset now = _time.GetUtcNow();
                if (Array.Exists(_targets, t => t.IsOpen(now)))
                {
                    return null;
                }

                Target soonest = _targets.MinBy(t => t.OutUntil)!;
                TimeSpan wait = soonest.OutUntil - now;
                return ($"No URL of it answers: {soonest.Trouble}", wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(50));
            }
        }
    }

    /// <summary>To be given back with <see cref="Succeeded"/> or <see cref="Failed"/>. Null: none may be asked now.</summary>
    public Target? Take()
    {
        lock (_lock)
        {
            DateTimeOffset now = _time.GetUtcNow();
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

            if (best is not null)
            {
                best.InFlight++;
            }

            return best;
        }
    }

    /// <summary>It answered, whatever it said.</summary>
    public void Succeeded(Target target)
    {
        lock (_lock)
        {
            target.InFlight--;
            target.FailuresInRow = 0;
            target.OutUntil = default;
        }
    }

    /// <summary>It did not answer.</summary>
    public void Failed(Target target, string trouble)
    {
        lock (_lock)
        {
            target.InFlight--;
            target.FailuresInRow++;
            target.Trouble = trouble;
            if (target.FailuresInRow >= _failuresMax)
            {
                int doublings = Math.Min(target.FailuresInRow - _failuresMax, 10);
                TimeSpan pause = TimeSpan.FromTicks(Math.Min(_outMin.Ticks << doublings, _outMax.Ticks));
                target.OutUntil = _time.GetUtcNow() + pause;
            }
        }
    }

    /// <summary>Nothing is learnt of it: the request was given up.</summary>
    public void GivenUp(Target target)
    {
        lock (_lock)
        {
            target.InFlight--;
        }
    }

    internal sealed class Target(Uri url)
    {
        public Uri Url { get; } = url;

        public int InFlight { get; set; }

        public int FailuresInRow { get; set; }

        public DateTimeOffset OutUntil { get; set; }

        public string Trouble { get; set; } = "";

        /// <summary>One that has been out takes one request at a time until one succeeds.</summary>
        public bool IsOpen(DateTimeOffset now) => FailuresInRow < _failuresMax || (OutUntil <= now && InFlight == 0);
    }
}
