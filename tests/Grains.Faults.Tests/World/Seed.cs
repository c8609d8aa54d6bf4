namespace Grains.Faults.Tests.World;

/// <summary>GRAINS_SEED repeats a run as far as the processes allow; else each run draws a new one.</summary>
internal static class Seed
{
    public static int Next() =>
        int.TryParse(Environment.GetEnvironmentVariable("GRAINS_SEED"), out int seed)
            ? seed
            : Random.Shared.Next(1, 1_000_000);

    /// <summary>How often a fault is injected: the variable, else the default.</summary>
    public static int Count(string variable, int byDefault) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), out int count) ? count : byDefault;

    public static string Repeat(int seed, string test, string variables = "") =>
        $"repeat with: GRAINS_SEED={seed} {variables}{(variables.Length > 0 ? " " : "")}"
        + $"dotnet test tests/Grains.Faults.Tests --filter {test}";
}
