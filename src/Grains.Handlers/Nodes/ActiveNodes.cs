using Grains.Silo.Telemetry;

namespace Grains.Handlers.Nodes;

/// <summary>How many nodes are in this server's memory, at work or moments after it.</summary>
internal sealed class ActiveNodes : IDisposable
{
    private readonly ServerGauges _gauges = new();
    private readonly int _idleMax;
    private int _count;

    public ActiveNodes(HandlerOptions options)
    {
        _idleMax = options.IdleNodesMax;
        _gauges.Add(
            "grains.handlers.nodes", () => _count, null, "Nodes in this server's memory: at work, or a moment ago.");
    }

    public bool AreMany => Volatile.Read(ref _count) > _idleMax;

    public void Add() => Interlocked.Increment(ref _count);

    public void Remove() => Interlocked.Decrement(ref _count);

    public void Dispose() => _gauges.Dispose();
}
