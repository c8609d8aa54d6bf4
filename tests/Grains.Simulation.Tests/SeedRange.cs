using System.Globalization;

namespace Grains.Simulation.Tests;

/// <summary>
/// Which seeds are run: GRAINS_SEED alone is the one to repeat; GRAINS_SEEDS says how many, from GRAINS_SEED or from
/// one that each run draws.
/// </summary>
internal sealed record SeedRange(int First, int Count)
{
    private const int _countByDefault = 200;
    private const int _firstMax = 1_000_000_000;

    public static SeedRange Drawn { get; } = Draw(Variable("GRAINS_SEED"), Variable("GRAINS_SEEDS"));

    /// <summary>Of so few it is not asked whether enough happened.</summary>
    public bool IsLarge => Count >= _countByDefault;

    public IEnumerable<int> Seeds => Enumerable.Range(First, Count);

    public override string ToString() => $"GRAINS_SEED={First} GRAINS_SEEDS={Count}";

    private static SeedRange Draw(int? first, int? count) => first is { } given
        ? new SeedRange(given, count ?? 1)
        : new SeedRange(Random.Shared.Next(1, _firstMax), count ?? _countByDefault);

    private static int? Variable(string name) =>
        int.TryParse(
            Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            ? value
            : null;
}
