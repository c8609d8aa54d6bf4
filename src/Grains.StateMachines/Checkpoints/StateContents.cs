namespace Grains.StateMachines.Checkpoints;

/// <summary>How much a state holds, counted through: entries by what they are, and bytes.</summary>
public sealed class StateContents(IEnumerable<(string Name, long Count)> counts, long bytes) : IEquatable<StateContents>
{
    public static readonly StateContents Nothing = new([], 0);

    private readonly Dictionary<string, long> _counts = counts
        .GroupBy(c => c.Name).ToDictionary(g => g.Key, g => g.Sum(c => c.Count));

    /// <summary>What counts against the budgets.</summary>
    public long Bytes => bytes;

    /// <summary>0 = it holds nothing of that name.</summary>
    public long this[string name] => _counts.GetValueOrDefault(name);

    public static StateContents operator +(StateContents a, StateContents b) =>
        new([.. a._counts.Concat(b._counts).Select(c => (c.Key, c.Value))], a.Bytes + b.Bytes);

    public bool Equals(StateContents? other) => other is not null && ToString() == other.ToString();

    public override bool Equals(object? obj) => Equals(obj as StateContents);

    public override int GetHashCode() => bytes.GetHashCode();

    public override string ToString() => string.Join(
        ", ",
        _counts.Where(c => c.Value > 0).OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => $"{c.Value} {c.Key}")
            .Append($"{bytes} bytes"));
}
