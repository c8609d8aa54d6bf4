namespace Grains.Checkers.Messages;

/// <summary>Every counter is at what was acknowledged, or above it by at most what nobody knows of.</summary>
public static class CountersCheck
{
    public static IReadOnlyList<string> Check(
        IReadOnlyDictionary<string, long> acknowledged,
        IReadOnlyDictionary<string, long> unknown,
        IReadOnlyDictionary<string, long> actual)
    {
        var violations = new List<string>();
        foreach (string counter in acknowledged.Keys.Union(unknown.Keys).Union(actual.Keys)
            .Order(StringComparer.Ordinal))
        {
            long low = acknowledged.GetValueOrDefault(counter);
            long high = low + unknown.GetValueOrDefault(counter);
            long value = actual.GetValueOrDefault(counter);
            if (value < low || value > high)
            {
                violations.Add($"{counter} is {value}, but must be {(low == high ? $"{low}" : $"{low} to {high}")}");
            }
        }

        return violations;
    }
}
