using Grains.Benchmarks.Report;

namespace Grains.Benchmarks.Peers;

/// <summary>The rates as a table for a README: a row for each peer, a column for each piece of work.</summary>
internal sealed class MarkdownReport(IReadOnlyList<int> callers)
{
    private readonly Dictionary<(string Peer, PeerWork Work), List<double>> _rates = [];
    private readonly List<string> _peers = [];

    /// <summary>In the order of the numbers of callers.</summary>
    public void Add(string peer, PeerWork work, double perSecond)
    {
        if (!_peers.Contains(peer))
        {
            _peers.Add(peer);
        }

        if (!_rates.TryGetValue((peer, work), out List<double>? rates))
        {
            _rates.Add((peer, work), rates = []);
        }

        rates.Add(perSecond);
    }

    public override string ToString()
    {
        string[] lines =
        [
            $"Operations a second with {string.Join(" / ", callers)} outstanding:",
            "",
            "| | put | get | send → receive → end |",
            "|---|---|---|---|",
            .. _peers.Select(p => $"| {p} | {string.Join(" | ", Enum.GetValues<PeerWork>().Select(w => Cell(p, w)))} |"),
        ];
        return string.Join('\n', lines) + "\n";
    }

    private string Cell(string peer, PeerWork work) =>
        _rates.TryGetValue((peer, work), out List<double>? rates)
            ? string.Join(" / ", rates.Select(Rounded))
            : "";

    /// <summary>Three digits: more would claim more than was measured.</summary>
    private static string Rounded(double rate)
    {
        double unit = Math.Pow(10, Math.Max(0, Math.Floor(Math.Log10(Math.Max(rate, 1))) - 2));
        return Figures.Rate(Math.Round(rate / unit) * unit);
    }
}
