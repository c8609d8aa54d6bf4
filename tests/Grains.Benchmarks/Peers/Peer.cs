using Grains.Benchmarks.Loads;
using Grains.Benchmarks.Postgres;
using Grains.Benchmarks.Report;

namespace Grains.Benchmarks.Peers;

/// <summary>What is asked of every peer, again and again.</summary>
internal enum PeerWork
{
    /// <summary>256 bytes under one of the keys, durable when answered.</summary>
    Put,

    /// <summary>What is under one of them.</summary>
    Get,

    /// <summary>Send a message of 256 bytes, receive it, end it; durable each time.</summary>
    Message,
}

/// <summary>A server with its usual client.</summary>
internal abstract class Peer(string name) : IAsyncDisposable
{
    public string Name => name;

    /// <summary>
    /// Processor time of all its server processes so far, but for a Postgres; null = there are no others.
    /// </summary>
    public abstract TimeSpan? ServerCpu { get; }

    /// <summary>The same of its Postgres; null = it has none.</summary>
    public virtual Task<TimeSpan>? PostgresCpuAsync() => null;

    /// <summary>What it says of its own durability.</summary>
    public abstract Task<string> DescribeAsync();

    /// <summary>Every key once, so that every get finds one.</summary>
    public abstract Task FillAsync();

    /// <summary>Null: it has no such thing.</summary>
    public abstract Task<Work>? OpenAsync(PeerWork task, int callers);

    public abstract ValueTask DisposeAsync();
}

/// <summary>What the turns of one peer at one piece of work came to.</summary>
internal sealed class PeerTurns(Peer peer, Work work)
{
    private readonly List<double> _perSecond = [];
    private readonly Latencies _latencies = new();
    private TimeSpan? _serverCpu;
    private TimeSpan _clientCpu;
    private TimeSpan? _postgresCpu;

    public Peer Peer => peer;

    public Work Work => work;

    public double PerSecond => _perSecond.Median(r => r);

    public double? ServerMicrosecondsEach => _serverCpu?.TotalMicroseconds / Math.Max(_latencies.Count, 1);

    public double ClientMicrosecondsEach => _clientCpu.TotalMicroseconds / Math.Max(_latencies.Count, 1);

    public double? PostgresMicrosecondsEach => _postgresCpu?.TotalMicroseconds / Math.Max(_latencies.Count, 1);

    public double Ms(double quantile) => _latencies.Ms(quantile);

    public async Task TakeAsync(int callers, TimeSpan length, bool counts)
    {
        TimeSpan? before = peer.ServerCpu;
        TimeSpan? postgresBefore = peer.PostgresCpuAsync() is { } asked ? await asked : null;
        LoopResult turn = await ClosedLoop.RunAsync(callers, length, work.Step);
        if (counts)
        {
            _perSecond.Add(turn.PerSecond);
            _latencies.Add(turn.Latencies);
            _serverCpu = (_serverCpu ?? TimeSpan.Zero) + (peer.ServerCpu - before);
            _clientCpu += turn.Cpu;
            if (postgresBefore is { } earlier)
            {
                _postgresCpu = (_postgresCpu ?? TimeSpan.Zero) + await peer.PostgresCpuAsync()! - earlier;
            }
        }
    }

    /// <summary>The middle one of the ratios of turns that followed each other.</summary>
    public double RatioTo(PeerTurns other) =>
        _perSecond.Zip(other._perSecond, (ours, theirs) => ours / theirs).Median(r => r);
}
