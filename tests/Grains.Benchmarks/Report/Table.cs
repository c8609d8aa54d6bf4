namespace Grains.Benchmarks.Report;

/// <summary>Rows of text, aligned when printed: the first column to the left, the others to the right.</summary>
internal sealed class Table(params string[] head)
{
    private readonly List<string[]> _rows = [head];

    public void Add(params string[] row) => _rows.Add(row);

    public void Print()
    {
        int[] widths = [.. Enumerable.Range(0, head.Length).Select(c => _rows.Max(r => r[c].Length))];
        foreach (string[] row in _rows)
        {
            Console.WriteLine("  " + string.Join("  ", row.Select((cell, c) =>
                c == 0 ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c]))).TrimEnd());
        }
    }
}
