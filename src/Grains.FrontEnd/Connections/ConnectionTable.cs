using System.Diagnostics.Metrics;
using Grains.Operations.Access;
using Grains.Silo.Budgets;
using Grains.Silo.Telemetry;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace Grains.FrontEnd.Connections;

/// <summary>
/// All connections to the API. When there are as many as may be, those that have been idle for longest are closed,
/// first of the caller that has most of them; where none is idle, the new one is closed at once.
/// </summary>
internal sealed class ConnectionTable : IDisposable
{
    /// <summary>Who has just come, or was just answered, is about to ask.</summary>
    private static readonly TimeSpan _idleMin = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A sixteenth goes at once, so that a flood does not look through the table for each of its connections.
    /// </summary>
    private const int _closedAtOnceShift = 4;

    private static readonly Counter<long> _closed = GrainsMeter.Instance.CreateCounter<long>(
        "grains.connections.closed", null,
        "Connections closed because there were as many as may be: new ones, or idle ones.");

    /// <summary>Sockets that are being closed while others are accepted.</summary>
    private const int _closingMax = 64;

    private readonly ServerGauges _gauges = new();
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _sockets;
    private readonly HashSet<OpenConnection> _open = [];

    public ConnectionTable(ServerMemory memory, IOptions<FrontEndOptions> options, TimeProvider time)
    {
        Time = time;
        ConnectionsMax = options.Value.ConnectionsMax ?? memory.Shares.ConnectionsMax;
        _sockets = new SemaphoreSlim(ConnectionsMax + _closingMax);
        Bodies = new Traffic("bodies", memory.Bodies, time);
        Answers = new Traffic("answers", memory.Answers, time);
        LargeTurns = new LargeTurns(Environment.ProcessorCount, () => memory.Data.IsNearlyUsedUp, time);
        _gauges.Add("grains.connections", () => Count, null, "Connections to the API.");
        _gauges.Add(
            "grains.connections.limit", () => ConnectionsMax, null, "Connections to the API at once.");
    }

    public int ConnectionsMax { get; }

    public TimeProvider Time { get; }

    public Traffic Bodies { get; }

    public Traffic Answers { get; }

    public LargeTurns LargeTurns { get; }

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _open.Count;
            }
        }
    }

    /// <summary>Waits until there is a descriptor for one more. False: it is not wanted any more.</summary>
    public async ValueTask<bool> MayAcceptAsync(CancellationToken unwanted)
    {
        try
        {
            await _sockets.WaitAsync(unwanted);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>After each <see cref="MayAcceptAsync"/> that brought a connection.</summary>
    public void Accepted(CancellationToken closed) =>
        closed.UnsafeRegister(static sockets => ((SemaphoreSlim)sockets!).Release(), _sockets);

    /// <summary>Stands before everything else that a connection meets.</summary>
    public ConnectionDelegate Guard(ConnectionDelegate next) => connection => GuardAsync(connection, next);

    private async Task GuardAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var open = new OpenConnection(connection, this);
        if (!TryAdd(open, out OpenConnection[] idle))
        {
            _closed.Add(1, Why("full"));
            open.Abort("The server has as many connections as it may.");
            return;
        }

        foreach (OpenConnection other in idle)
        {
            _closed.Add(1, Why("idle"));
            other.Abort("Others need the place of an idle connection.");
        }

        try
        {
            connection.Features.Set(open);
            await next(connection);
        }
        finally
        {
            open.EndRequest();
            lock (_lock)
            {
                _open.Remove(open);
            }
        }
    }

    /// <param name="connection">The new one.</param>
    /// <param name="idle">Not counted any more; to be closed.</param>
    private bool TryAdd(OpenConnection connection, out OpenConnection[] idle)
    {
        idle = [];
        lock (_lock)
        {
            if (_open.Count >= ConnectionsMax)
            {
                idle = LongestIdle();
                _open.ExceptWith(idle);
            }

            return _open.Count < ConnectionsMax && _open.Add(connection);
        }
    }

    private OpenConnection[] LongestIdle()
    {
        Dictionary<CallerGroup, int> counts = _open.CountBy(c => c.From).ToDictionary();
        return
        [
            .. _open.Select(c => (Connection: c, c.Idle)).Where(c => c.Idle >= _idleMin)
                .OrderByDescending(c => counts[c.Connection.From]).ThenByDescending(c => c.Idle)
                .Take(Math.Max(1, ConnectionsMax >> _closedAtOnceShift)).Select(c => c.Connection),
        ];
    }

    private static KeyValuePair<string, object?> Why(string why) => new("why", why);

    public void Dispose() => _gauges.Dispose();
}
