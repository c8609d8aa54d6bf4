using Grains.Benchmarks.Report;

namespace Grains.Benchmarks.Postgres;

/// <summary>What was aimed at, and whether it is met.</summary>
internal sealed class Aims
{
    private readonly Table _table = new("aim", "at", "measured", "met");

    public void AtLeast(string what, double least, double measured) =>
        Add(what, $"≥ {least:0.##}", measured, measured >= least);

    public void AtMost(string what, double most, double measured) =>
        Add(what, $"≤ {most:0.##}", measured, measured <= most);

    public void Print() => _table.Print();

    private void Add(string what, string at, double measured, bool isMet) =>
        _table.Add(what, at, Figures.Ratio(measured), isMet ? "yes" : "NO");
}
