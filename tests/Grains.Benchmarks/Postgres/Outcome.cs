using Grains.Benchmarks.Loads;
using Grains.Benchmarks.Report;

namespace Grains.Benchmarks.Postgres;

/// <summary>What a contender's turns came to.</summary>
internal sealed class Outcome(Contender contender, string way)
{
    private readonly List<double> _perSecond = [];
    private readonly Latencies _latencies = new();
    private DatabaseUse _before;
    private TimeSpan _ownCpu;
    private TimeSpan _serversCpu;

    public Contender Contender => contender;

    public string Way => way;

    public double PerSecond => _perSecond.Median(r => r);

    public long Operations { get; private set; }

    public DatabaseUse Use { get; private set; }

    public double PostgresCpuEach => Use.Cpu.TotalMicroseconds / Operations;

    /// <summary>Of server processes.</summary>
    public double ServersCpuEach => _serversCpu.TotalMicroseconds / Operations;

    /// <summary>Of this process: the callers, and the silo where it is in it.</summary>
    public double OwnCpuEach => _ownCpu.TotalMicroseconds / Operations;

    /// <summary>Of everybody who works for it: it limits the rate where the processors are the limit.</summary>
    public double AllCpuEach => PostgresCpuEach + ServersCpuEach + OwnCpuEach;

    public double Ms(double quantile) => _latencies.Ms(quantile);

    /// <summary>Smallest, middle and largest of the ratios of turns that followed each other.</summary>
    public (double Min, double Median, double Max) RatioTo(Outcome other)
    {
        double[] ratios = [.. _perSecond.Zip(other._perSecond, (ours, theirs) => ours / theirs).Order()];
        return (ratios[0], ratios[ratios.Length / 2], ratios[^1]);
    }

    public async Task BeginAsync() => _before = await contender.Database.UseAsync();

    public void Add(LoopResult turn, int perStep, TimeSpan serversCpu)
    {
        _perSecond.Add(turn.PerSecond * perStep);
        _latencies.Add(turn.Latencies);
        Operations += turn.Latencies.Count * perStep;
        _ownCpu += turn.Cpu;
        _serversCpu += serversCpu;
    }

    /// <summary>Also what Postgres did for its turns during those of others: cleaning, writing out.</summary>
    public async Task EndAsync() => Use = await contender.Database.UseAsync() - _before;
}
