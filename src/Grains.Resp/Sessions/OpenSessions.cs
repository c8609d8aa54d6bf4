using System.Collections.Concurrent;

namespace Grains.Resp.Sessions;

/// <summary>Those of all connections.</summary>
internal sealed class OpenSessions
{
    private readonly ConcurrentDictionary<long, Session> _open = new();
    private long _last;

    public IEnumerable<Session> All => _open.Values.OrderBy(s => s.Id);

    public long NextId() => Interlocked.Increment(ref _last);

    public void Add(Session session) => _open[session.Id] = session;

    public void Remove(Session session) => _open.TryRemove(session.Id, out _);
}
