using Grains.Benchmarks.Report;

namespace Grains.Benchmarks.Postgres;

/// <summary>Every figure of every contender, beside that of the rows.</summary>
internal sealed class OutcomeReport
{
    private readonly Table _rates = new("operations/s", "by", "per second", "ratio", "min", "max", "p50 ms", "p99 ms");
    private readonly Table _costs = new(
        "each", "by", "Postgres µs CPU", "ratio", "servers µs CPU", "here µs CPU", "all µs CPU", "ratio", "WAL B",
        "data B",
        "WAL flushes");

    /// <param name="work">What each of them did.</param>
    /// <param name="outcomes">The rows' first.</param>
    public void Add(string work, Outcome[] outcomes)
    {
        foreach (Outcome outcome in outcomes)
        {
            (double min, double median, double max) = outcome.RatioTo(outcomes[0]);
            string by = $"{outcome.Contender.Name}, {outcome.Way}";
            double operations = outcome.Operations;
            _rates.Add(
                work, by, Figures.Rate(outcome.PerSecond), Figures.Ratio(median), Figures.Ratio(min),
                Figures.Ratio(max),
                Figures.Ms(outcome.Ms(0.5)), Figures.Ms(outcome.Ms(0.99)));
            _costs.Add(
                work, by, Micros(outcome.PostgresCpuEach),
                Figures.Ratio(outcome.PostgresCpuEach / outcomes[0].PostgresCpuEach),
                Micros(outcome.ServersCpuEach), Micros(outcome.OwnCpuEach), Micros(outcome.AllCpuEach),
                Figures.Ratio(outcome.AllCpuEach / outcomes[0].AllCpuEach),
                Figures.Rate(outcome.Use.WalBytes / operations),
                Figures.Rate(outcome.Use.DataBytes / operations), Figures.Ms(outcome.Use.Flushes / operations));
            Console.WriteLine($"  {work}: {by} {outcome.PerSecond:N0}/s, {median:0.00} x rows; µs CPU: "
                + $"Postgres {outcome.PostgresCpuEach:0}, servers {outcome.ServersCpuEach:0}, here "
                + $"{outcome.OwnCpuEach:0}");
        }
    }

    public void Print()
    {
        Console.WriteLine();
        _rates.Print();
        Console.WriteLine(
            "  a message: sent by itself, with the others of its delivery; received; committed with a state of 256 B");
        Console.WriteLine();
        _costs.Print();
        Console.WriteLine("""
              Postgres CPU: all its processes, also in the turns of others; here: the callers, and the silo of the path
              data: growth of the files; checkpoints of partitions are in it, and in the WAL

            """);
    }

    private static string Micros(double micros) => micros == 0 ? "" : Figures.Ms(micros);
}
